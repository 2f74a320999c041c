"""pandas and the rules of napari and OMERO: features.csv and omero.csv."""
import csv

import numpy as np
import pandas
import tifffile

TYPES = {"s": str, "d": float, "l": int}


def run(context):
    features = pandas.read_csv(context.run / "features.csv")
    context.check("features.csv keys", list(features.columns[:3]) == ["index", "label", "image"] and (features["index"] == features.label).all(), f"{len(features)} rows")
    text = ["image", "status", "reason", "class", "polarity", "machine_status", "machine_class", "curated_by", "curated_utc"]
    wordy = [name for name in features.columns if features[name].dtype.kind not in "iuf" and name not in text]
    context.check("its numbers are numbers", not wordy, ", ".join(wordy))
    missing = 0
    for image in context.images:
        rows = features[features.image.str.lstrip("'") == image["image"].lstrip("'")]
        labels = np.unique(tifffile.imread(f"{image['folder']}/labels.tif")) if image["size"][0] else np.zeros(1)
        missing += len(set(labels[labels > 0]) ^ set(rows.label)) + (not rows.label.is_unique)
    context.check("a row for each label", missing == 0, f"{missing} without the other")

    with open(context.run / "omero.csv", newline="", encoding="utf-8") as file:
        types, headings, *rows = csv.reader(file)
    # As omero-metadata reads it: a type for each column, the first behind the words that mark the line.
    context.check("omero.csv line of types", types[0].startswith("# header "), types[0])
    types[0] = types[0].removeprefix("# header ")
    known = set(types) <= set(TYPES) and len(types) == len(headings) and headings[0] == "Image Name" and types[0] == "s"
    context.check("its headings", known and len(set(headings)) == len(headings) and not any("/" in h for h in headings), f"{len(headings)}")
    faults = 0
    for row in rows:
        for kind, cell in zip(types, row, strict=True):
            try:
                cell == "" or TYPES[kind](cell)
            except ValueError:
                faults += 1
    context.check("its cells fit their types", rows and faults == 0, f"{len(rows)} rows, {faults} faults")
