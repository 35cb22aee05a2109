"""What the simulator answers, against the output shapes of botocore's service model: no member that
the model does not have, none missing that it requires, no type but its own."""
import json
import urllib.parse
import urllib.request

import botocore.session
import pytest
from botocore.validate import ParamValidator
from sim_requests import CLAUDE, NOVA, TOOLS, raw_events, signed, user

MODEL = botocore.session.get_session().get_service_model("bedrock-runtime")
GUARD = {"guardrailConfig": {"guardrailIdentifier": "maskme1", "guardrailVersion": "1",
                             "trace": "enabled"}}

ANSWERS = {
    "text": ("Hi", {}),
    "calls": ("call get_weather call get_time [sim preamble]", {"toolConfig": TOOLS}),
    "reasoning": ("Hi [sim redacted=both]", {"model": CLAUDE}),
    "citations": ("Hi [sim citations=web,char,page,chunk,search]", {}),
    "pictures": ("Hi [sim image=2]", {}),
    "a failed picture": ("Hi [sim image=error]", {}),
    "sound": ("Hi [sim audio]", {}),
    "server tool": ("Hi [sim server_tool]", {}),
    "cache": ("Hi [cache 10/20] [sim cache_write_1h=5]", {}),
    "tiers": ("Hi", {"serviceTier": {"type": "flex"}, "performanceConfig": {"latency": "optimized"}}),
    "a mask": ("Hi", GUARD),
    "a block": ("BLOCK", GUARD),
    "a router": ("Hi", {"model": "arn:aws:bedrock:us-east-1:123456789012:prompt-router/r1o2u3t4e5r6"}),
    "a stop sequence": ("a END", {"inferenceConfig": {"stopSequences": ["END"]},
                                  "additionalModelResponseFieldPaths": ["/stop_sequence"]}),
}


def check(value, shape):
    report = ParamValidator().validate(value, shape)
    assert not report.has_errors(), report.generate_report()


@pytest.mark.parametrize("name", ANSWERS)
def test_whole_answers(sim, name):
    prompt, more = ANSWERS[name]
    more = dict(more)
    path = f"/model/{urllib.parse.quote(more.pop('model', NOVA), safe='')}/converse"
    status, _, reply = signed(sim, json.dumps({"messages": [user(prompt)]} | more).encode(), path)
    assert status == 200
    check(reply, MODEL.operation_model("Converse").output_shape)


@pytest.mark.parametrize("name", ANSWERS)
def test_events(sim, name):
    prompt, more = ANSWERS[name]
    more = dict(more)
    events = raw_events(sim, prompt, more.pop("model", NOVA), **more)
    stream = MODEL.operation_model("ConverseStream").output_shape.members["stream"]
    assert events[-1][0][":event-type"] == "metadata"
    for headers, payload in events:
        event = json.loads(payload)
        assert event.pop("p")
        check(event, stream.members[headers[":event-type"]])


@pytest.mark.parametrize("path,operation", [
    ("/foundation-models", "ListFoundationModels"), ("/inference-profiles", "ListInferenceProfiles"),
    ("/provisioned-model-throughputs", "ListProvisionedModelThroughputs"),
    ("/provisioned-model-throughput/abcdefghij12", "GetProvisionedModelThroughput"),
    ("/inference-profiles/us.amazon.nova-lite-v1%3A0", "GetInferenceProfile"),
])
def test_control_plane(sim, path, operation):
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    from sim_process import ACCESS_KEY, SECRET_KEY
    request = AWSRequest("GET", sim.url + path)
    SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "bedrock", "us-east-1").add_auth(request)
    sent = urllib.request.Request(sim.url + path, headers=dict(request.headers))
    with urllib.request.urlopen(sent, timeout=60) as reply:
        value = json.load(reply)
    control = botocore.session.get_session().get_service_model("bedrock")
    check(value, control.operation_model(operation).output_shape)
