"""Every request of the golden cases, held against AWS's own service model as the installed botocore
brings it: members, types, lengths, ranges, enumerations, unions and patterns. And sent through a
gateway to the simulator, which enforces what the model does not say (C1 to C27)."""

import base64
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import botocore.loaders
import botocore.model
import pytest
from botocore.validate import ParamValidator

GOLDEN = Path(__file__).parents[1] / "convert" / "bedrock" / "golden"
CASES = sorted(path.parent.name for path in GOLDEN.glob("*/upstream.json"))
PATH = re.compile(r"/model/([^/]+)/(converse|converse-stream)$")
OPERATIONS = {"converse": "Converse", "converse-stream": "ConverseStream"}


@pytest.fixture(scope="module")
def service():
    model = botocore.loaders.Loader().load_service_model("bedrock-runtime", "service-2")
    return botocore.model.ServiceModel(model)


def decoded(value, shape):
    """The wire's JSON as botocore takes it: blobs are bytes."""
    if shape.type_name == "blob" and isinstance(value, str):
        return base64.b64decode(value, validate=True)
    if shape.type_name == "structure" and isinstance(value, dict):
        if getattr(shape, "is_document_type", False):
            return value
        members = shape.members
        return {
            name: decoded(item, members[name]) if name in members else item
            for name, item in value.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [decoded(item, shape.member) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {name: decoded(item, shape.value) for name, item in value.items()}
    return value


def constraint_faults(value, shape, path):
    """What the model says and botocore leaves to the service: enumerations, patterns, sizes."""
    limits = shape.metadata
    if shape.type_name == "structure":
        if getattr(shape, "is_document_type", False):
            return
        if getattr(shape, "is_tagged_union", False) and len(value) != 1:
            yield f"{path}: a union of {sorted(value)}"
        for name, item in value.items():
            yield from constraint_faults(item, shape.members[name], f"{path}.{name}")
        return
    if shape.type_name == "list":
        for index, item in enumerate(value):
            yield from constraint_faults(item, shape.member, f"{path}[{index}]")
    if shape.type_name == "map":
        for name, item in value.items():
            yield from constraint_faults(name, shape.key, f"{path}: key {name!r}")
            yield from constraint_faults(item, shape.value, f"{path}.{name}")
    size = len(value) if hasattr(value, "__len__") else value
    if "min" in limits and size < limits["min"]:
        yield f"{path}: {size} is below {limits['min']}"
    if "max" in limits and size > limits["max"]:
        yield f"{path}: {size} is above {limits['max']}"
    if shape.type_name == "string":
        if getattr(shape, "enum", None) and value not in shape.enum:
            yield f"{path}: {value!r} is none of {shape.enum}"
        if "pattern" in limits and not re.fullmatch(java_pattern(limits["pattern"]), value):
            yield f"{path}: {value!r} does not match {limits['pattern']}"


def java_pattern(pattern: str) -> str:
    return pattern.replace(r"\p{L}", r"[^\W\d_]").replace(r"\p{N}", r"\d")


def faults_of(service, operation, parameters):
    shape = service.operation_model(operation).input_shape
    parameters = decoded(parameters, shape)
    report = ParamValidator().validate(parameters, shape)
    if report.has_errors():
        return [report.generate_report()]
    return list(constraint_faults(parameters, shape, ""))


def target_of(case: Path) -> tuple[str, str]:
    """The operation and the model that the case's path names."""
    file = case / "path.txt"
    if not file.exists():
        return "Converse", "amazon.nova-lite-v1:0"
    found = PATH.fullmatch(file.read_text().strip())
    assert found, "the path is one encoded segment and an operation"
    return OPERATIONS[found.group(2)], urllib.parse.unquote(found.group(1))


def test_there_are_cases():
    assert len(CASES) > 50


@pytest.mark.parametrize("case", CASES)
def test_golden(service, case):
    operation, model = target_of(GOLDEN / case)
    body = json.loads((GOLDEN / case / "upstream.json").read_text())
    assert faults_of(service, operation, {"modelId": model, **body}) == []


# What the simulator can't know: reasoning that it never gave, models and accounts that it hasn't,
# fields of a model that only the case's author believes in.
UNKNOWABLE = re.compile(
    "Invalid `signature` in `thinking` block|The model does not exist|Extra inputs are not permitted"
    "|extraneous key|promptVariables can only be used"
)
# A case with a policy or an alias of its own needs a gateway of its own.
OWN_SETTINGS = ("policy.txt", "base_model.txt")
SENT = [case for case in CASES if not any((GOLDEN / case / n).exists() for n in OWN_SETTINGS)]


@pytest.mark.parametrize("case", SENT)
def test_the_simulator_takes_it(gateway, case):
    request = urllib.request.Request(
        gateway.base_url + "/chat/completions",
        data=(GOLDEN / case / "client.json").read_bytes(),
        headers={"content-type": "application/json", "authorization": "Bearer sk-test"},
    )
    try:
        urllib.request.urlopen(request, timeout=60).close()
    except urllib.error.HTTPError as error:
        message = json.load(error)["error"]["message"]
        assert UNKNOWABLE.search(message), message


WRONG = {
    "unknown member": {"messages": [], "temperature": 1},
    "member of another case": {"message": []},
    "role": {"messages": [{"role": "tool", "content": []}]},
    "blank system": {"system": [{"text": ""}]},
    "temperature": {"inferenceConfig": {"temperature": 1.5}},
    "tokens": {"inferenceConfig": {"maxTokens": 0}},
    "tool id": {
        "messages": [
            {
                "role": "assistant",
                "content": [{"toolUse": {"toolUseId": "a|b", "name": "f", "input": {}}}],
            }
        ]
    },
    "tool name": {
        "toolConfig": {"tools": [{"toolSpec": {"name": "a b", "inputSchema": {"json": {}}}}]}
    },
    "no tools": {"toolConfig": {"tools": []}},
    "choice": {
        "toolConfig": {
            "tools": [{"toolSpec": {"name": "a", "inputSchema": {"json": {}}}}],
            "toolChoice": {"auto": {}, "any": {}},
        }
    },
    "picture format": {
        "messages": [
            {
                "role": "user",
                "content": [{"image": {"format": "jpg", "source": {"bytes": "AAAA"}}}],
            }
        ]
    },
    "metadata": {"requestMetadata": {"a": "{}"}},
    "no metadata": {"requestMetadata": {}},
    "tier": {"serviceTier": {"type": "auto"}},
}


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG)
def test_the_validator_itself(service, body):
    """A body that Bedrock refuses for its form is refused here."""
    assert faults_of(service, "Converse", {"modelId": "m", **body}) != []
