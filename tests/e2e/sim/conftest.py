"""Fixtures: one simulator for all tests of this folder, its counters reset for each."""
import pytest
from sim_process import BEARER, Simulator


@pytest.fixture(scope="session")
def shared_sim():
    simulator = Simulator("--bearer", BEARER)
    yield simulator
    simulator.stop()


@pytest.fixture
def sim(shared_sim):
    shared_sim.reset()
    return shared_sim


@pytest.fixture
def bedrock(sim):
    return sim.client()
