"""tifffile: labels.tif as a file for ImageJ."""
import numpy as np
import tifffile

# What the test wrote: pixel i has the label 7919 i modulo 65536.
EXPECTED = (np.arange(900 * 700) * 7919 % 65536).astype(np.uint16).reshape(900, 700)
FILES = [("labels.tif", "nm", 0.62, 0.1372189), ("labels-uncalibrated.tif", None, 1.0, 1.0)]


def run(context):
    for name, unit, *pixel_nm in FILES:
        with tifffile.TiffFile(context.tmp / name) as file:
            page = file.pages[0]
            wrong = int((page.asarray() != EXPECTED).sum())
            is_plain = not page.is_tiled and page.predictor == 1 and file.imagej_metadata.get("unit") == unit
            fractions = [page.tags[tag].value for tag in ("XResolution", "YResolution")]
        off = max(abs(d / n / nm - 1) for (n, d), nm in zip(fractions, pixel_nm))
        context.check(name, wrong == 0 and is_plain and off < 1e-8, f"{wrong} pixels differ, scale by {off:.1e}")
