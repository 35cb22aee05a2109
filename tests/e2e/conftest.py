"""The fixtures: one simulator, one fake OpenAI server and one gateway for most tests, and a factory
for those that need a gateway of their own."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.fake_openai import FakeOpenAI
from harness.raw_http import RawClient
from harness.servers import BEDROCK_MODEL, OPENAI_MODEL, Gateway, Simulator, sdk


@pytest.fixture(scope="session")
def log_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("oriel")


@pytest.fixture(scope="session")
def simulator(log_folder):
    running = Simulator(log_folder)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def fake():
    running = FakeOpenAI().start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def gateway(log_folder, simulator, fake):
    """Shared by the tests: whatever they do to it, it must live and end well."""
    running = Gateway(log_folder, simulator, fake)
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def processes_survive(request):
    """A shared process that has died fails the test that killed it, and ends the run."""
    yield
    for name in ("gateway", "simulator"):
        if name in request.fixturenames:
            process = request.getfixturevalue(name)
            if not process.alive():
                request.session.shouldfail = f"the shared {name} died"
            assert process.alive(), process.errors()[-8000:]


@pytest.fixture
def start_gateway(log_folder, simulator, fake):
    """Starts gateways with settings of their own and stops them at the end."""
    started = []

    def start(simulator=simulator, **options):
        started.append(Gateway(log_folder, simulator, fake, **options))
        return started[-1]

    yield start
    for process in started:
        process.stop()


@pytest.fixture
def own_simulator(log_folder):
    """A simulator whose statistics nobody else moves."""
    running = Simulator(log_folder)
    yield running
    running.stop()


@pytest.fixture
def client(gateway):
    return sdk(gateway)


@pytest.fixture(params=[BEDROCK_MODEL, OPENAI_MODEL], ids=["bedrock", "openai"])
def model(request):
    return request.param


@pytest.fixture
def raw(gateway):
    """Opens raw connections to the shared gateway."""
    opened = []

    def connect(**options):
        opened.append(RawClient(gateway.port, **options))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


@pytest.fixture
def pool():
    with ThreadPoolExecutor(64) as executor:
        yield executor
