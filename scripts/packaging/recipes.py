"""Checks the recipes of this folder: each by itself, and that they agree with each other and with Cargo.toml.

    python scripts/packaging/recipes.py --out DIR [--inputs target/release/cupule.d]

Prints a line per check and ends with 1 when one fails. Into DIR go the commands that the recipes run, for
scripts/packaging/check to run them too. --inputs names the list of all files that went into a program, which cargo
leaves beside it: the images must have them. Needs Python 3.11, jinja2 and PyYAML.
"""

import argparse
import json
import re
import shlex
import sys
import tomllib
from pathlib import Path

import jinja2
import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

failed = 0


def check(what, wrong):
    """Prints one result; `wrong` is a list of what is wrong, or whether anything is."""
    global failed
    print(f"{'FAILED' if wrong else 'ok'}: {what}", flush=True)
    for line in wrong if isinstance(wrong, list) else []:
        print(f"    {line}", flush=True)
    failed += bool(wrong)


def not_checked(what, why):
    print(f"NOT CHECKED: {what}, because {why}", flush=True)


# Containerfile --------------------------------------------------------------------------------------------------------


def read_containerfile(path):
    """The stages, each with the image it comes from, its name and its instructions as (NAME, text)."""
    stages, text = [], ""
    for line in path.read_text().splitlines():
        if line.lstrip().startswith("#") or not (text or line.strip()):
            continue
        text += line.rstrip("\\")
        if line.endswith("\\"):
            continue
        name, rest = text.split(None, 1)
        text = ""
        if name == "FROM":
            words = rest.split()
            stages.append({"from": words[0], "name": words[2] if words[1:2] == ["AS"] else "", "do": []})
        else:
            stages[-1]["do"].append((name, rest))
    return stages


def pairs(text):
    """What LABEL and ENV say."""
    return dict(word.split("=", 1) for word in shlex.split(text))


def all_of(stage, name):
    return [text for instruction, text in stage["do"] if instruction == name]


def copied(stages):
    """Source and place of everything that COPY takes from the project."""
    for stage in stages:
        place = "/"
        for name, text in stage["do"]:
            if name == "WORKDIR":
                place = text
            if name != "COPY" or text.startswith("--from"):
                continue
            *sources, target = text.split()
            for source in sources:
                # A folder's content is what docker copies, a file goes into the folder.
                into = Path(place, target)
                yield source, str(into if (ROOT / source).is_dir() else into / source if target.endswith("/") else into)


# cupule.def -----------------------------------------------------------------------------------------------------------

# Those of Apptainer's manual.
SHELL = {"pre", "setup", "post", "environment", "runscript", "startscript", "test"}
SECTIONS = SHELL | {"arguments", "files", "help", "labels"}
HEADERS = {"Bootstrap", "From", "Stage"}


def read_definition(path):
    """The stages, each with its header and its sections as (name, what follows the name, lines); and what is wrong."""
    stages, wrong, section = [], [], None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("Bootstrap:"):
            stages.append({"header": {}, "sections": []})
            section = None
        if line.startswith("%"):
            name, *rest = line[1:].split()
            if name not in SECTIONS:
                wrong.append(f"line {number}: there is no section %{name}")
            section = []
            stages[-1]["sections"].append((name, " ".join(rest), section))
        elif section is not None:
            section.append(line)
        elif line.strip() and not line.startswith("#"):
            key, _, value = line.partition(":")
            if key not in HEADERS or not value.strip():
                wrong.append(f"line {number}: neither a header nor in a section: {line}")
            elif stages:
                stages[-1]["header"][key] = value.strip()
    for stage in stages:
        names = [(name, rest) for name, rest, _ in stage["sections"]]
        wrong += [f"%{name} {rest} is there twice" for name, rest in set(names) if names.count((name, rest)) > 1]
        if set(stage["header"]) != HEADERS:
            wrong.append(f"a stage has the header {stage['header']}")
    known = {stage["header"].get("Stage") for stage in stages}
    for stage in stages:
        for name, rest, lines in stage["sections"]:
            if name == "files" and rest and rest.removeprefix("from ") not in known:
                wrong.append(f"%files {rest}: there is no such stage")
            if name in SHELL and not [line for line in lines if line.strip() and not line.lstrip().startswith("#")]:
                wrong.append(f"%{name} does nothing")
    return stages, wrong


def words_of(lines):
    """The lines of a section that say something, as words."""
    return [line.split() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def section(stage, name, rest=""):
    return next((lines for n, r, lines in stage["sections"] if (n, r) == (name, rest)), [])


# meta.yaml ------------------------------------------------------------------------------------------------------------


class Strict(yaml.SafeLoader):
    """YAML without keys that come twice, of which the last would win in silence."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"twice: {', '.join(twice)}", node.start_mark)
        return super().construct_mapping(node, deep)


def read_conda(path):
    """The recipe as conda-build sees it on Linux."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    environment.globals.update(
        compiler=lambda language: f"compiler of {language}",
        stdlib=lambda language: f"library of {language}",
        pin_subpackage=lambda name, max_pin: f"{name} to {max_pin}",
    )
    return yaml.load(environment.from_string(path.read_text()).render(), Loader=Strict)


# What conda-build knows of each section, as far as a program of this kind may need it.
CONDA = {
    "package": {"name", "version"},
    "source": {"url", "sha256", "patches"},
    "build": {"number", "run_exports", "skip"},
    "requirements": {"build", "host", "run"},
    "test": {"commands", "files", "requires"},
    "about": {"home", "license", "license_file", "license_family", "summary", "description", "dev_url", "doc_url"},
    "extra": {"additional-platforms", "recipe-maintainers", "identifiers", "skip-lints", "notes"},
}


def check_conda(recipe, cargo):
    """What conda-build refuses and what bioconda's own checks ask for; the names are theirs."""
    wrong = [f"unknown: {name}" for name in recipe if name not in CONDA]
    wrong += [f"unknown: {part}/{key}" for part in CONDA for key in recipe.get(part, {}) if key not in CONDA[part]]
    about, needs = recipe.get("about", {}), recipe.get("requirements", {})
    for key in ("home", "license", "license_file", "summary"):
        if not about.get(key):
            wrong.append(f"missing_{key}")
    if not recipe.get("test", {}).get("commands"):
        wrong.append("missing_tests")
    if recipe.get("build", {}).get("number") != 0:
        wrong.append("missing_build_number: that of a new version is 0")
    if recipe.get("build", {}).get("run_exports") != ["cupule to x.x"]:
        wrong.append("missing_run_exports")
    for need in ("compiler of c", "compiler of rust", "cargo-bundle-licenses"):
        if need not in needs.get("build", []):
            wrong.append(f"requirements/build has no {need}")
    if any("compiler" in need for part in ("host", "run") for need in needs.get(part, [])):
        wrong.append("compilers_must_be_in_build")
    for name in about.get("license_file", []):
        if name != "THIRDPARTY.yml" and not (ROOT / name).is_file():
            wrong.append(f"there is no {name}")
    if "THIRDPARTY.yml" not in about.get("license_file", []):
        wrong.append("the licences that cargo-bundle-licenses collects are not packed")
    if not re.fullmatch("[0-9a-f]{64}", str(recipe.get("source", {}).get("sha256"))):
        wrong.append("missing_hash")
    if not recipe.get("source", {}).get("url", "").endswith(f"-{cargo['version']}.tar.gz"):
        wrong.append("the tarball is not that of the version")
    wrong += [f"build_sh: no '{text}'" for text in BUILD if text not in (HERE / "bioconda/build.sh").read_text()]
    return wrong


# As bioconda's guidelines for Rust have it.
BUILD = ["cargo-bundle-licenses --format yaml --output THIRDPARTY.yml",
         'cargo install --locked --no-track --root "$PREFIX" --path .']


# ----------------------------------------------------------------------------------------------------------------------


def apt_packages(text):
    """The packages that a script installs."""
    found = re.search(r"apt-get install ((?:(?!&&|\n).)*)", re.sub(r"\\\n", " ", text))
    return sorted(word for word in found[1].split() if not word.startswith("-")) if found else []


def shown(path):
    """What .dockerignore lets through: here it shuts everything out but what it names."""
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return lines[0] == "*" and all(line.startswith("!") for line in lines[1:]), [line[1:] for line in lines[1:]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--inputs", type=Path)
    args = parser.parse_args()
    manifest = tomllib.loads((ROOT / "Cargo.toml").read_text())
    cargo, deb = manifest["package"], manifest["package"]["metadata"]["deb"]
    image = read_containerfile(HERE / "Containerfile")
    definition, wrong = read_definition(HERE / "cupule.def")
    check("cupule.def has known sections only, and stages that it refers to", wrong)
    try:
        conda = read_conda(HERE / "bioconda/meta.yaml")
    except (jinja2.TemplateError, yaml.YAMLError) as why:
        check("meta.yaml can be read", [str(why)])
        return 1
    check("meta.yaml and build.sh have what conda-build and bioconda ask for", check_conda(conda, cargo))

    labels = [pairs(text) for text in all_of(image[-1], "LABEL")][0]
    told = {words[0]: " ".join(words[1:]) for words in words_of(section(definition[-1], "labels"))}
    key = "org.opencontainers.image."
    check("the images have the same labels", [] if labels == told else [f"{labels}", f"{told}"])
    usage = re.findall(r"\bcupule:([0-9][0-9.]*)", (HERE / "Containerfile").read_text())
    versions = {"Cargo.toml": cargo["version"], "Containerfile": labels.get(key + "version"),
                "cupule.def": told.get(key + "version"), "meta.yaml": str(conda["package"]["version"]),
                **{f"Containerfile, example {i}": version for i, version in enumerate(usage, 1)}}
    check(f"the version is the same everywhere: {cargo['version']}",
          [f"{where}: {version}" for where, version in versions.items() if version != cargo["version"]])
    licences = {"Containerfile": labels.get(key + "licenses"), "cupule.def": told.get(key + "licenses"),
                "meta.yaml": conda["about"].get("license")}
    check(f"the licence is the same everywhere: {cargo['license']}",
          [f"{where}: {licence}" for where, licence in licences.items() if licence != cargo["license"]])
    check("the summary is that of Cargo.toml", conda["about"].get("summary") != cargo["description"])

    bases = [stage["from"] for stage in image]
    same = bases == [stage["header"].get("From") for stage in definition] and len(bases) == 2
    check(f"both images come from {' and '.join(bases)}", not same)
    rust = re.search(r"/rust:([0-9.]+)-slim-([a-z]+)$", bases[0])
    debian = re.search(r"/debian:([a-z]+)-slim$", bases[-1])
    check("the program is built on the Debian that it runs on", not (rust and debian and rust[2] == debian[1]))
    number = lambda version: [int(part) for part in version.split(".")]
    check(f"their Rust is not older than {cargo['rust-version']}",
          not rust or number(rust[1])[:2] < number(cargo["rust-version"])[:2])

    from_image = dict(copied(image))
    from_definition = dict(words for stage in definition for words in words_of(section(stage, "files")))
    check("both images copy the same files to the same places",
          [f"{a} -> {b}" for a, b in set(from_image.items()) ^ set(from_definition.items())])
    check("what they copy is there", [f"{name} is not" for name in from_image if not (ROOT / name).exists()])
    closed, open_ones = shown(ROOT / ".dockerignore")
    check(".dockerignore lets through what they copy, and nothing else",
          ["it does not shut out everything first"] * (not closed)
          + [f"{name}" for name in set(open_ones) ^ set(from_image)])
    if args.inputs and args.inputs.is_file():
        files = args.inputs.read_text().split(": ", 1)[1]
        inputs = [Path(name.replace("\\ ", " ")) for name in re.split(r"(?<!\\)\s+", files) if name]
        inside = [str(path.relative_to(ROOT)) for path in inputs if path.is_relative_to(ROOT)]
        check(f"they copy all {len(inside)} files that the program is made from",
              [name for name in inside if not any(Path(name).is_relative_to(source) for source in from_image)]
              if inside else ["the list names no file of the project"])
    else:
        not_checked("whether the images have every file that the program is made from",
                    "cargo's list of them does not lie beside the program")

    commands = "\n".join(all_of(image[-1], "RUN"))
    post = "\n".join(section(definition[-1], "post"))
    packages = apt_packages(commands)
    check(f"both images have the same packages: {' '.join(packages)}", not packages or packages != apt_packages(post))
    recommended = {name.split("|")[0].strip() for name in deb["recommends"].split(",")}
    check("what the Debian package recommends is in the images", sorted(recommended - set(packages)))
    tools = {name: re.findall(r"cargo-bundle-licenses (?:--version )?([0-9.]+)", (HERE / name).read_text())
             for name in ("Containerfile", "cupule.def", "deb")}
    check("cargo-bundle-licenses has the same version everywhere",
          [f"{name}: {' '.join(found)}" for name, found in tools.items() if len(found) != 1 or found != tools["deb"]])
    builds = ["\n".join(all_of(image[0], "RUN")), "\n".join(section(definition[0], "post"))]
    command = "cargo build --release --locked"
    check(f"both build with {command}", not all(command in build for build in builds))
    check("the OCI image runs as a user that is not root",
          not re.fullmatch("[1-9][0-9]*", "".join(all_of(image[-1], "USER"))))
    check("both run cupule with what it is given",
          not (json.loads(all_of(image[-1], "ENTRYPOINT")[0]) == ["/usr/local/bin/cupule"]
               and words_of(section(definition[-1], "runscript")) == [["exec", "/usr/local/bin/cupule", '"$@"']]))
    environment = {key: value for text in all_of(image[-1], "ENV") for key, value in pairs(text).items()}
    check("NVIDIA's toolkit is asked for Vulkan",
          not {"compute", "graphics", "utility"} <= set(environment.get("NVIDIA_DRIVER_CAPABILITIES", "").split(",")))
    if conda["source"]["sha256"] == "0" * 64:
        not_checked("the tarball of meta.yaml", "there is no release yet: address and checksum are placeholders")
    else:
        check("no placeholder is left in meta.yaml", "example.org" in json.dumps(conda))

    # What they run, as files.
    args.out.mkdir(parents=True, exist_ok=True)
    write = lambda name, text: (args.out / name).write_text(text.rstrip("\n") + "\n")
    write("suite", debian[1] if debian else "")
    write("image-run", "set -e\n" + commands)
    write("image-environment", "\n".join(f"{key}={value}" for key, value in environment.items()))
    write("image-user", "".join(all_of(image[-1], "USER")))
    write("conda-test", "set -e\n" + "\n".join(conda["test"]["commands"]))
    for stage in definition:
        for name, _, lines in stage["sections"]:
            if name in SHELL:
                write(f"def-{stage['header'].get('Stage')}-{name}", "\n".join(lines))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
