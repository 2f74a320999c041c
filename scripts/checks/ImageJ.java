import ij.IJ;
import ij.ImagePlus;
import ij.gui.Roi;
import ij.io.RoiDecoder;
import ij.measure.Calibration;
import ij.measure.Measurements;
import ij.measure.ResultsTable;
import ij.plugin.filter.Analyzer;
import ij.plugin.filter.ParticleAnalyzer;
import ij.process.FloatPolygon;
import ij.process.ImageProcessor;
import ij.process.ImageStatistics;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.TreeSet;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Opens label pictures and ROI files as ImageJ does: java -cp ij.jar ImageJ.java out folder-or-picture...
 *
 * Of the i-th it writes i.raw (the pixels, 16 bits, low byte first), i.txt (size, scale, version), and of a folder also
 * i-particles.csv (Analyze Particles on each label, in order of the labels) and i-rois.tsv (what RoiDecoder makes of
 * rois.zip, with the pixels that ImageJ takes to be inside).
 */
public class ImageJ {
    private static final int COLUMNS = Measurements.AREA | Measurements.CENTROID | Measurements.PERIMETER | Measurements.RECT
            | Measurements.ELLIPSE | Measurements.SHAPE_DESCRIPTORS | Measurements.FERET | Measurements.LABELS;

    public static void main(String[] arguments) throws IOException {
        for (int i = 1; i < arguments.length; i++) {
            Path out = Path.of(arguments[0]);
            Path given = Path.of(arguments[i]);
            boolean isFolder = Files.isDirectory(given);
            ImagePlus picture = IJ.openImage((isFolder ? given.resolve("labels.tif") : given).toString());
            describe(picture, out, i - 1);
            if (isFolder) {
                particles(picture).saveAs(out.resolve((i - 1) + "-particles.csv").toString());
            }
            if (Files.exists(given.resolve("rois.zip"))) {
                rois(picture, given.resolve("rois.zip"), out.resolve((i - 1) + "-rois.tsv"));
            }
        }
    }

    private static void describe(ImagePlus picture, Path out, int i) throws IOException {
        short[] pixels = (short[]) picture.getProcessor().getPixels();
        ByteBuffer bytes = ByteBuffer.allocate(2 * pixels.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asShortBuffer().put(pixels);
        Files.write(out.resolve(i + ".raw"), bytes.array());
        Calibration scale = picture.getCalibration();
        Files.writeString(out.resolve(i + ".txt"), String.join("\n", IJ.getVersion(), "" + picture.getWidth(),
                "" + picture.getHeight(), "" + scale.pixelWidth, "" + scale.pixelHeight, scale.getUnit()));
    }

    private static ResultsTable particles(ImagePlus picture) {
        ImageProcessor pixels = picture.getProcessor();
        TreeSet<Integer> labels = new TreeSet<>();
        for (int i = 0; i < pixels.getPixelCount(); i++) {
            labels.add(pixels.get(i));
        }
        labels.remove(0);
        ResultsTable table = new ResultsTable();
        Analyzer.setMeasurements(COLUMNS);
        for (int label : labels) {
            pixels.setThreshold(label, label, ImageProcessor.NO_LUT_UPDATE);
            new ParticleAnalyzer(0, COLUMNS, table, 0, Double.POSITIVE_INFINITY).analyze(picture, pixels);
        }
        return table;
    }

    private static void rois(ImagePlus picture, Path file, Path out) throws IOException {
        ImageProcessor pixels = picture.getProcessor();
        pixels.resetThreshold();
        try (ZipFile zip = new ZipFile(file.toFile()); PrintWriter lines = new PrintWriter(out.toFile(), "UTF-8")) {
            for (ZipEntry entry : (Iterable<ZipEntry>) zip.stream().map(e -> (ZipEntry) e)::iterator) {
                Roi roi = new RoiDecoder(zip.getInputStream(entry).readAllBytes(), entry.getName()).getRoi();
                pixels.setRoi(roi);
                ImageStatistics inside =
                        ImageStatistics.getStatistics(pixels, Measurements.AREA + Measurements.CENTROID, null);
                lines.printf(Locale.ROOT, "%s\t%s\t%d\t%b\t%08x\t%d\t%s\t%s\t", entry.getName(), roi.getName(),
                        roi.getType(), roi.subPixelResolution(), roi.getStrokeColor().getRGB(), inside.pixelCount,
                        inside.xCentroid, inside.yCentroid);
                FloatPolygon polygon = roi.getFloatPolygon();
                for (int i = 0; i < polygon.npoints; i++) {
                    lines.print((i > 0 ? " " : "") + polygon.xpoints[i] + " " + polygon.ypoints[i]);
                }
                lines.print("\n");
            }
        }
    }
}
