"""roc-validator and ro-crate-py: ro-crate-metadata.json."""
import json, logging, shutil

import requests
from rocrate.rocrate import ROCrate
from rocrate_validator import services
from rocrate_validator.models import Severity, ValidationSettings
from rocrate_validator.utils.http import HttpRequester

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
# What the validator misses because the program does not know it: who ran it, who owns the results and under which licence,
# and where the program can be had.
UNKNOWN = {
    "Action agent",
    "Application url",
    "Root Data Entity: `author` property",
    "Root Data Entity: `license` SHOULD link to a Contextual Entity",
    "Root Data Entity: `publisher` property",
    "SoftwareApplication id",
}
# Words of the RO-Crate 1.1 context that the crate uses. The context's server is played with them, so that the check needs no
# network: whether it is there would otherwise decide how the check ends. A word that is not in this list counts as unknown.
TERMS = """CreateAction CreativeWork Dataset Person PropertyValue SoftwareApplication UpdateAction about actionStatus agent
contentSize dateCreated datePublished description encodingFormat endTime hasPart instrument license mentions name object
result softwareVersion startTime url value version""".split()


def play_context_server():
    terms = {term: f"http://schema.org/{term}" for term in TERMS}
    terms |= {"File": "http://schema.org/MediaObject", "conformsTo": "http://purl.org/dc/terms/conformsTo"}

    # All that the validator fetches goes through this class, before any cache or proxy of the user's.
    def get(self, url, **options):
        if url != CONTEXT:
            raise requests.ConnectionError(f"{url} is not played")
        response = requests.Response()
        response.status_code, response.url, response.encoding = 200, url, "utf-8"
        response.headers["Content-Type"] = "application/ld+json"
        response._content = json.dumps({"@context": terms}).encode()
        return response

    HttpRequester.get = get


def issues(folder, severity):
    settings = ValidationSettings(
        rocrate_uri=str(folder), profile_identifier="process-run-crate", requirement_severity=severity, no_cache=True
    )
    return services.validate(settings).get_issues()


def run(context):
    logging.disable(logging.WARNING)
    play_context_server()
    required = issues(context.run, Severity.REQUIRED)
    for issue in required:
        print(f"        {issue.check.name}: {issue.message}")
    context.check("nothing required is missing", not required, "Process Run Crate 0.5, RO-Crate 1.1")
    # The format of a micrograph is known when it is opened, and told in images.csv.
    recommended = [i for i in issues(context.run, Severity.RECOMMENDED) if "#input-" not in (i.violatingEntity or "")]
    for issue in recommended:
        if issue.check.name not in UNKNOWN:
            print(f"        {issue.check.name}: {issue.message}")
    missed = {issue.check.name for issue in recommended}
    context.check("of what is recommended, only what is unknown is missing", missed <= UNKNOWN, f"{len(missed)} kinds")

    # The validator does notice.
    broken = context.work / "crate"
    shutil.copytree(context.run, broken)
    path = broken / "ro-crate-metadata.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    for entity in document["@graph"]:
        entity.pop("license", None)
        entity.pop("instrument", None)
    path.write_text(json.dumps(document), encoding="utf-8")
    (broken / "particles.csv").unlink()
    context.check("a broken crate is refused", len(issues(broken, Severity.REQUIRED)) >= 3)

    crate = ROCrate(str(context.run))
    parts = {part.id for part in crate.root_dataset["hasPart"]}
    action = next(entity for entity in crate.get_entities() if entity.type == "CreateAction")
    inputs = [entity["name"] for entity in action["object"] if entity.type == "File"]
    context.check("ro-crate-py finds the files", {"particles.csv", "images.csv", "run.json", "images/"} <= parts, f"{len(parts)}")
    context.check("and the inputs in order", inputs == [image["image"] for image in context.images], f"{len(inputs)}")
    people = [entity["name"] for entity in crate.get_entities() if entity.type == "Person"]
    context.check("and who decided", people == ["=A. Person"])
