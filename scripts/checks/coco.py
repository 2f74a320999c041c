"""pycocotools: coco.json."""
import contextlib, io

import numpy as np
import tifffile
from pycocotools.coco import COCO

# pycocotools rounds an outline to fifths of a pixel before it fills it: that moves no edge by more than half a pixel.
AREA_PER_LENGTH = 0.5


def run(context):
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(context.run / "coco.json"))
    given = [image for image in context.images if image["size"][0]]
    names = [entry["file_name"] for entry in coco.dataset["images"]]
    context.check("images", names == [image["image"] for image in given], f"{len(names)}")
    boxes, worst, overlaps, faults = 0, 0.0, [], []
    for entry, image in zip(coco.dataset["images"], given):
        labels = tifffile.imread(f"{image['folder']}/labels.tif")
        annotations = coco.loadAnns(coco.getAnnIds(imgIds=entry["id"]))
        if len(annotations) != len(image["outlines"]) or [entry["width"], entry["height"]] != image["size"]:
            faults.append(f"{image['image']}: {len(annotations)} annotations")
            continue
        for annotation, outline in zip(annotations, image["outlines"]):
            mask, ours = coco.annToMask(annotation).astype(bool), labels == annotation["attributes"]["particle_id"]
            x, y, width, height = annotation["bbox"]
            off = abs(int(mask.sum()) - annotation["area"]) / (2 * (width + height))
            worst = max(worst, off)
            if annotation["area"] >= 100:
                overlaps.append((mask & ours).sum() / (mask | ours).sum())
            rows, columns = np.nonzero(ours)
            inside = x - 1 <= columns.min() and columns.max() + 1 <= x + width + 1 and y - 1 <= rows.min() and rows.max() + 1 <= y + height + 1
            boxes += inside
            if not (inside and annotation["iscrowd"] == 0 and annotation["area"] == outline["area"] == ours.sum()):
                faults.append(f"{image['image']} {outline['id']}: box {annotation['bbox']}, area {annotation['area']}")
            if annotation["category_id"] not in coco.getCatIds() or not 0 <= annotation.get("score", 0) <= 1:
                faults.append(f"{image['image']} {outline['id']}: category or score")
    for line in faults[:10]:
        print(f"        {line}")
    context.check("annotations and their boxes", boxes > 200 and not faults, f"{boxes} annotations, {len(faults)} faults")
    context.check("areas of the masks", worst < AREA_PER_LENGTH, f"largest difference {worst:.2f} px² per px of the box's outline")
    context.check("overlap of the masks with labels.tif", min(overlaps) > 0.7 and np.mean(overlaps) > 0.95, f"mean {np.mean(overlaps):.3f}, least {min(overlaps):.3f} from 100 px² on")
