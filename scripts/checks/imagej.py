"""ImageJ 1: imagej.csv, labels.tif and rois.zip."""
import csv, math, subprocess

import numpy as np
import tifffile

JAR = "/usr/share/java/ij.jar"
# java runs a source file only with the compiler of a JDK.
PROGRAMS = {JAR: "libij-java", "javac": "default-jdk-headless"}

# Both tables have three decimals, so that equal cells are equal but for the rounding of the numbers they are read as.
TOLERANCE = 1e-9
# For pixels that are not square ImageJ has no ellipse and prints these; cupule leaves the cells blank.
ELLIPSE = ["Major", "Minor", "Angle", "AR", "Round"]
COLOURS = {"accepted": (86, 180, 233), "border": (240, 228, 66)}


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def label(image, outline):
    text = "".join(" " if ord(c) < 32 or 127 <= ord(c) < 160 else c for c in image)
    guard = "'" if text[0] in "=+-@" else ""
    return f"{guard}{text}:{outline['id']:04}-{outline['status']}"


def run(context):
    images = [image for image in context.images if image["size"][0]]
    # Every label there can be: pixel i has the label 7919 i modulo 65536.
    pictures = [("labels.tif", [0.62, 0.1372189]), ("labels-uncalibrated.tif", None)]
    full = (np.arange(900 * 700) * 7919 % 65536).astype(np.uint16).reshape(900, 700)
    command = ["java", "-Djava.awt.headless=true", "-cp", JAR, context.root / "scripts/checks/ImageJ.java", context.work]
    given = [image["folder"] for image in images] + [context.tmp / name for name, _ in pictures]
    subprocess.run([str(part) for part in [*command, *given]], check=True)

    version = (context.work / "0.txt").read_text().split("\n")[0]
    expected = [(tifffile.imread(f"{i['folder']}/labels.tif"), i["pixel_nm"]) for i in images] + [(full, nm) for _, nm in pictures]
    worst_scale, wrong, count = 0.0, 0, 0
    for i, (pixels, nm) in enumerate(expected):
        _, width, height, x, y, unit = (context.work / f"{i}.txt").read_text().split("\n")
        read = np.fromfile(context.work / f"{i}.raw", "<u2").reshape(int(height), int(width))
        wrong += int((read != pixels).sum()) if read.shape == pixels.shape else pixels.size
        count += pixels.size
        scale = max(abs(float(found) / known - 1) for found, known in zip((x, y), nm or (1, 1)))
        worst_scale = max(worst_scale, scale if unit == ("nm" if nm else "pixel") else math.inf)
    context.check(f"ImageJ {version} opens labels.tif", wrong == 0, f"{len(expected)} pictures, {wrong} of {count} pixels differ")
    context.check("with its scale", worst_scale < 1e-8, f"largest relative difference {worst_scale:.1e}")
    particles(context, images)
    rois(context, images)


def particles(context, images):
    ours = rows(context.run / "imagej.csv")
    ours_by_label = {row["Label"]: row for row in ours}
    headings = list(rows(context.work / "0-particles.csv")[0])
    context.check("headings of the table", list(ours[0]) == headings, ",".join(headings))
    compared = {"all": 0, "of the first picture": 0}
    cells, differ, worst = 0, [], dict.fromkeys(headings[2:], 0.0)
    for i, image in enumerate(images):
        theirs = rows(context.work / f"{i}-particles.csv") if image["outlines"] else []
        if len(theirs) != len(image["outlines"]):
            differ.append(f"{image['image']}: {len(theirs)} particles for {len(image['outlines'])} labels")
            continue
        is_square = not image["pixel_nm"] or abs(image["pixel_nm"][0] / image["pixel_nm"][1] - 1) < 0.01
        for outline, their in zip(image["outlines"], theirs):
            if outline["status"] != "accepted":
                continue
            our = ours_by_label.pop(label(image["image"], outline), None)
            if our is None:
                differ.append(f"no row for {label(image['image'], outline)}")
                continue
            compared["all"] += 1
            compared["of the first picture"] += i == 0
            for column in headings[2:]:
                if column in ELLIPSE and not is_square:
                    if our[column] != "":
                        differ.append(f"{our['Label']} {column}: '{our[column]}' is not blank")
                    continue
                difference = abs(float(our[column]) - float(their[column]))
                cells += 1
                worst[column] = max(worst[column], difference)
                if not difference <= TOLERANCE:
                    differ.append(f"{our['Label']} {column}: {our[column]}, ImageJ {their[column]}")
    for line in differ[:10]:
        print(f"        {line}")
    enough = compared["of the first picture"] >= 200
    figures = ", ".join(f"{number} {what}" for what, number in compared.items())
    context.check("particles measured by Analyze Particles", enough and not differ, f"{figures}; {len(differ)} of {cells} cells differ")
    context.check("every row is one of ImageJ's", not ours_by_label, f"{len(ours)} rows, {len(ours_by_label)} left over")
    names = ", ".join(f"{column} {value:.3f}" for column, value in worst.items())
    context.check("largest difference of a column", max(worst.values()) <= TOLERANCE, names)


def rois(context, images):
    count, moved, misnamed, area_off, centre_off = 0, 0.0, 0, [], []
    for i, image in enumerate(images):
        path = context.work / f"{i}-rois.tsv"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        if len(lines) != len(image["outlines"]):
            misnamed += abs(len(lines) - len(image["outlines"]))
            continue
        pixels = tifffile.imread(f"{image['folder']}/labels.tif")
        for line, outline in zip(lines, image["outlines"]):
            entry, name, kind, subpixel, colour, area, x, y, coordinates = line.split("\t")
            expected = f"{outline['id']:04}-{outline['status']}"
            colours = tuple(bytes.fromhex(colour))[1:]
            agrees = (entry, name, kind, subpixel) == (f"{expected}.roi", expected, "2", "true")
            misnamed += not (agrees and colours == COLOURS[outline["status"]])
            read = np.array(coordinates.split(" "), np.float32).reshape(-1, 2)
            wrote = np.array(outline["polygon"], np.float32)
            # ImageJ keeps vertices from the corner of their box, which costs a place in the last digit.
            step = np.spacing(np.abs(wrote).max())
            moved = max(moved, float(np.abs(read - wrote).max() / step) if read.shape == wrote.shape else math.inf)
            inside = np.argwhere(pixels == outline["id"]) + 0.5
            area_off.append(int(area) - int(outline["area"]))
            centre_off.append(max(abs(float(x) - inside[:, 1].mean()), abs(float(y) - inside[:, 0].mean())))
            count += 1
    context.check("RoiDecoder reads rois.zip: name, type, colour", count > 200 and misnamed == 0, f"{count} outlines, {misnamed} wrong")
    context.check("its outlines are ours in single precision", moved <= 1, f"largest difference {moved:g} of their last place")
    same = sum(a == 0 and c < 1e-6 for a, c in zip(area_off, centre_off))
    figures = f"{same} of {count} cover the same pixels; areas differ by up to {max(map(abs, area_off))} px², centres by {max(centre_off):.2g} px"
    # A centre that lies on the outline, but for the rounding to single precision, may fall to either side.
    context.check("its pixels inside are ours", same >= 0.99 * count and max(map(abs, area_off)) <= 1, figures)
