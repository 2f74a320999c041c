"""shapely: outlines.geojson, and its form as QuPath takes it."""
import json, math, uuid

import numpy as np
import shapely
from shapely.geometry import shape


def run(context):
    count, invalid, form, worst_area, seen = 0, [], [], 0.0, set()
    for image in context.images:
        if not image["size"][0]:
            continue
        with open(f"{image['folder']}/outlines.geojson", encoding="utf-8") as file:
            collection = json.load(file, parse_constant=lambda text: form.append(text))
        features = collection["features"]
        if collection["type"] != "FeatureCollection" or len(features) != len(image["outlines"]):
            form.append(f"{image['image']}: {len(features)} features for {len(image['outlines'])}")
            continue
        for feature, outline in zip(features, image["outlines"]):
            geometry = shape(feature["geometry"])
            count += 1
            if not geometry.is_valid or geometry.geom_type != "Polygon":
                invalid.append(f"{feature['properties']['name']}: {shapely.is_valid_reason(geometry)}")
            polygon = shapely.Polygon(outline["polygon"])
            # Coordinates are rounded to 1e-4 px.
            worst_area = max(worst_area, abs(geometry.area - polygon.area) / polygon.length)
            form += faults(feature, outline)
            seen.add((image["folder"], feature["id"]))
    for line in [*invalid, *form][:10]:
        print(f"        {line}")
    context.check("valid polygons", count > 200 and not invalid, f"{count} outlines, {len(invalid)} invalid")
    context.check("areas are those of the outlines", worst_area < 1e-4, f"largest difference {worst_area:.1e} px² per px of outline")
    context.check("features in the form of QuPath, with an identifier each", not form and len(seen) == count, f"{len(form)} faults")


def faults(feature, outline):
    properties, ring = feature["properties"], feature["geometry"]["coordinates"][0]
    uuid.UUID(feature["id"])
    is_colour = lambda c: len(c) == 3 and all(isinstance(v, int) and 0 <= v < 256 for v in c)
    tests = {
        "closed": ring[0] == ring[-1],
        "detection": properties["objectType"] == "detection",
        "name": properties["name"] == f"{outline['id']:04}-{outline['status']}",
        "status": properties["metadata"]["Status"] == outline["status"],
        "text": all(isinstance(v, str) for v in properties["metadata"].values()),
        "numbers": all(type(v) in (int, float) and math.isfinite(v) for v in properties["measurements"].values()),
        "colours": is_colour(properties["color"]) and is_colour(properties["classification"]["color"]),
        "class": bool(properties["classification"]["name"]),
        "unlocked": properties["isLocked"] is False,
        "coordinates": bool(np.isfinite(ring).all()),
    }
    return [f"{properties['name']}: {what}" for what, holds in tests.items() if not holds]
