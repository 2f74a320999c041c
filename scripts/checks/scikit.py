"""scikit-image: diameters and Crofton perimeters of particles.csv."""
import numpy as np
import pandas
import skimage.measure
import tifffile

# Half a unit of the seventh digit, which is the last in the table, is 5e-7 at most.
TOLERANCE = 1e-6


def run(context):
    table = pandas.read_csv(context.run / "particles.csv")
    worst, count = {"diameter": 0.0, "Crofton perimeter": 0.0, "area": 0.0}, 0
    for image in context.images:
        if not image["outlines"]:
            continue
        rows = table[table.image.str.lstrip("'") == image["image"].lstrip("'")].set_index("particle_id")
        # A margin, so that what touches the picture's border has an outline all round.
        labels = np.pad(tifffile.imread(f"{image['folder']}/labels.tif"), 2)
        for region in skimage.measure.regionprops(labels):
            row = rows.loc[region.label]
            box = tuple(slice(s.start - 2, s.stop + 2) for s in region.slice)
            perimeter = skimage.measure.perimeter_crofton(labels[box] == region.label, directions=4)
            found = {
                "diameter": (row.diameter_px, region.equivalent_diameter_area),
                "Crofton perimeter": (row.perimeter_px, perimeter),
                "area": (row.area_px2, region.area),
            }
            for what, (ours, theirs) in found.items():
                worst[what] = max(worst[what], abs(ours / theirs - 1))
            count += 1
    for what, difference in worst.items():
        context.check(what, count > 200 and difference <= TOLERANCE, f"{count} particles, largest relative difference {difference:.1e}")
