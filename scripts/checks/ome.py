"""ome-types and tifffile: labels.ome.tif."""
import warnings

import ome_types
import tifffile


def run(context):
    faults, count, worst = [], 0, 0.0
    warnings.simplefilter("error")
    for image in context.images:
        if not image["size"][0]:
            continue
        path = f"{image['folder']}/labels.ome.tif"
        count += 1
        with tifffile.TiffFile(path) as file:
            page = file.pages[0]
            is_plain = file.is_ome and len(file.series) == 1 and not page.is_tiled and page.predictor == 1
            # Through the OME series, which the metadata describe.
            pixels, xml = file.series[0].asarray(), file.ome_metadata
        ome = ome_types.from_xml(xml, validate=True)
        described = ome.images[0].pixels
        tests = {
            "OME-TIFF of one picture in strips": is_plain,
            "pixels": (pixels == tifffile.imread(f"{image['folder']}/labels.tif")).all(),
            "name": ome.images[0].name == image["image"],
            "size": [described.size_x, described.size_y] == image["size"] and described.type.value == "uint16",
            "identifier": ome.uuid == described.tiff_data_blocks[0].uuid.value,
        }
        sizes = [described.physical_size_x, described.physical_size_y]
        if image["pixel_nm"]:
            units = {described.physical_size_x_unit.value, described.physical_size_y_unit.value}
            tests["unit"] = units == {"nm"}
            worst = max(worst, *(abs(found / known - 1) for found, known in zip(sizes, image["pixel_nm"])))
        else:
            tests["no scale"] = sizes == [None, None]
        faults += [f"{image['image']!r}: {what}" for what, holds in tests.items() if not holds]
    for line in faults[:10]:
        print(f"        {line}")
    context.check("valid OME-XML 2016-06 and the pixels of labels.tif", count > 5 and not faults, f"{count} files, {len(faults)} faults")
    context.check("pixel size", worst < 1e-12, f"largest relative difference {worst:.1e}")
