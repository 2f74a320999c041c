"""MultiQC and Frictionless: the cupule_mqc files and datapackage.json."""
import json, pathlib, subprocess, sys

import frictionless


def run(context):
    multiqc(context)
    package(context)


def multiqc(context):
    out = context.work / "multiqc"
    # Beside the interpreter that runs this: the virtual environment need not be active.
    program = pathlib.Path(sys.executable).parent / "multiqc"
    command = [program, "--force", "--quiet", "--no-ai", "--outdir", out, context.run]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    context.check("multiqc ends with 0", done.returncode == 0, done.stderr.strip()[-300:])
    data = json.loads((out / "multiqc_data/multiqc_data.json").read_text())
    page = (out / "multiqc_report.html").read_text()
    purity = json.loads((context.run / "purity.json").read_text())
    statistics = json.loads((context.run / "statistics.json").read_text())

    cells = {key.split("-")[-1]: value for key, value in leaves(data["report_general_stats_data"])}
    context.check("its table has the run", cells.get("cupule_count") == statistics["count"], f"{cells}")
    if fraction := purity["number_fraction"]:
        found = cells.get("cupule_ev_like_percent", -1)
        agrees = abs(found - 100 * fraction["left_out"]["value"]) < 1e-9
        context.check("its EV-like share is that of purity.json", agrees, f"{found:.2f} %")
    plots = data["report_plot_data"]
    for section in ["cupule_size", "cupule_purity"]:
        if (context.run / f"{section}_mqc.json").exists():
            shown = f"{section}_plot" in plots and f'id="{section}' in page
            context.check(f"it shows {section}", shown, ", ".join(plots))
    bars = json.loads((context.run / "cupule_purity_mqc.json").read_text())["data"]
    counts = {tally["class"].replace("_", " "): tally["count"] for tally in purity["classes"]}
    context.check("its bars are the counts of purity.json", list(bars.values()) == [counts], f"{counts}")


def leaves(tree):
    """Names and numbers in a tree of objects and lists, which versions of MultiQC nest differently."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in items:
        if isinstance(value, (dict, list)):
            yield from leaves(value)
        else:
            yield str(key), value


def package(context):
    path = context.run / "datapackage.json"
    report = frictionless.validate(str(path))
    for task in report.tasks:
        faults = "; ".join(error.message for error in task.errors[:3])
        context.check(f"{task.name} is as described", task.valid, faults or f"{task.stats.get('rows') or 'no'} rows")
    context.check("the package is valid", report.valid, "; ".join(error.message for error in report.errors))
    resources = {resource["path"]: resource for resource in json.loads(path.read_text())["resources"]}
    tables = {file.name for file in context.run.glob("*.csv")}
    context.check("every table is described", tables <= set(resources), ", ".join(sorted(tables)))
    fields = [(name, field) for name, resource in resources.items() for field in resource.get("schema", {}).get("fields", [])]
    vague = [f"{name}: {field['name']}" for name, field in fields if not field["description"]]
    context.check("every column says what it means", fields and not vague, f"{len(fields)} columns {', '.join(vague)}")
    context.check("no path leads out of the folder", not any(name.startswith("/") or ".." in name for name in resources))
    # A table that was changed by hand must be noticed, or the above would say nothing.
    broken = context.work / "broken"
    broken.mkdir(parents=True, exist_ok=True)
    (broken / "particles.csv").write_bytes((context.run / "particles.csv").read_bytes() + b"x.tif,not a number\n")
    (broken / "datapackage.json").write_text(json.dumps({"name": "broken", "resources": [resources["particles.csv"]]}))
    context.check("a changed table is noticed", not frictionless.validate(str(broken / "datapackage.json")).valid)
