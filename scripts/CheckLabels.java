import ij.IJ;
import ij.ImagePlus;
import ij.measure.Calibration;

/** Opens a label file as ImageJ does: java -cp ij.jar CheckLabels.java labels.tif unit x_nm y_nm */
public class CheckLabels {
    public static void main(String[] arguments) {
        ImagePlus picture = IJ.openImage(arguments[0]);
        Calibration scale = picture.getCalibration();
        short[] labels = (short[]) picture.getProcessor().getPixels();
        int wrong = 0;
        for (int i = 0; i < labels.length; i++) {
            if ((labels[i] & 0xffff) != 7919L * i % 65536) {
                wrong++;
            }
        }
        boolean agrees = wrong == 0 && scale.getUnit().equals(arguments[1])
                && Math.abs(scale.pixelWidth / Double.parseDouble(arguments[2]) - 1) < 1e-8
                && Math.abs(scale.pixelHeight / Double.parseDouble(arguments[3]) - 1) < 1e-8;
        System.out.printf("%s: ImageJ %s %s, %d wrong pixels, %s x %s %s%n", picture.getTitle(), IJ.getVersion(),
                agrees ? "agrees" : "disagrees", wrong, scale.pixelWidth, scale.pixelHeight, scale.getUnit());
        System.exit(agrees ? 0 : 1);
    }
}
