import ij.IJ;
import ij.ImageJ;
import ij.ImagePlus;
import ij.gui.Roi;
import ij.measure.ResultsTable;
import ij.plugin.filter.ThresholdToSelection;
import ij.process.FloatPolygon;
import ij.process.ImageProcessor;
import ij.process.ImageStatistics;
import java.io.PrintWriter;

/** Measures the white pixels of each picture as ImageJ does: java -cp ij.jar MeasureMasks.java out.csv mask.png... */
public class MeasureMasks {
    public static void main(String[] arguments) throws Exception {
        try (PrintWriter out = new PrintWriter(arguments[0], "UTF-8")) {
            out.print("case,area,feret_max,feret_min,aspect_ratio,solidity\n");
            for (int i = 1; i < arguments.length; i++) {
                ImagePlus picture = IJ.openImage(arguments[i]);
                ImageProcessor pixels = picture.getProcessor();
                pixels.setThreshold(128, 255, ImageProcessor.NO_LUT_UPDATE);
                Roi roi = new ThresholdToSelection().convert(pixels);
                pixels.setRoi(roi);
                ImageStatistics all = ImageStatistics.getStatistics(pixels, ImageStatistics.AREA + ImageStatistics.ELLIPSE, null);
                double[] feret = roi.getFeretValues();
                FloatPolygon hull = roi.getFloatConvexHull();
                double twice = 0;
                for (int k = 0; k < hull.npoints; k++) {
                    int n = (k + 1) % hull.npoints;
                    twice += (double) hull.xpoints[k] * hull.ypoints[n] - (double) hull.xpoints[n] * hull.ypoints[k];
                }
                String name = new java.io.File(arguments[i]).getName().replace(".png", "");
                out.printf(java.util.Locale.ROOT, "%s,%d,%.6f,%.6f,%.6f,%.6f\n", name, all.pixelCount, feret[0], feret[2],
                        all.major / all.minor, all.pixelCount / Math.abs(twice / 2));
            }
        }
        System.out.println(IJ.getVersion());
    }
}
