"""One instance to a folder; what is made once stays; ports are found and remembered."""

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from infra.one_machine import ports
from infra.one_machine.home import AlreadyRunning, Home


def test_a_folder_has_one_holder_who_is_named(tmp_path: Path):
    script = (
        "import pathlib, time\n"
        "from infra.one_machine.home import Home\n"
        f"home = Home(pathlib.Path({str(tmp_path)!r})); home.lock()\n"
        "print('held', flush=True)\n"
        "time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(AlreadyRunning) as refused:
        Home(tmp_path).lock()
    assert refused.value.pid == holder.pid
    holder.kill()
    holder.communicate(timeout=10)
    home = Home(tmp_path)
    home.lock()
    assert (tmp_path / "run.lock").read_text() == str(os.getpid())
    home.release()


def test_a_secret_is_made_once_and_is_private(tmp_path: Path):
    home = Home(tmp_path)
    first = home.secret("word", lambda: os.urandom(16))
    assert home.secret("word", lambda: os.urandom(16)) == first
    assert stat.S_IMODE((tmp_path / "keys" / "word").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_a_half_written_fact_counts_as_none(tmp_path: Path):
    home = Home(tmp_path)
    assert home.recall("fact") is None
    (tmp_path / "fact.json").write_text('{"a": ')
    assert home.recall("fact") is None
    home.remember("fact", {"a": 1})
    assert home.recall("fact") == {"a": 1}


def test_ports_are_remembered_and_differ(tmp_path: Path):
    home = Home(tmp_path)
    chosen = ports.choose(home, 8000)
    assert ports.choose(home, 8000) == chosen
    numbers = [chosen.http, chosen.dynamodb, chosen.aws, chosen.mqtt, chosen.mqtt_server]
    assert len(set(numbers)) == 5
    assert chosen.http == 8000
    assert all(ports.FIRST <= number <= ports.LAST for number in numbers[1:])


def test_http_may_be_left_to_us(tmp_path: Path):
    assert ports.choose(Home(tmp_path), 0).http >= ports.FIRST


def test_a_port_that_was_taken_meanwhile_is_replaced(tmp_path: Path):
    home = Home(tmp_path)
    chosen = ports.choose(home, 8000)
    with socket.create_server(("127.0.0.1", chosen.aws)):
        other = ports.choose(home, 8000)
    assert other.aws != chosen.aws
    assert other.dynamodb == chosen.dynamodb


def test_who_listens_is_found():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert ports.holder(port) == os.getpid()
        assert str(os.getpid()) in ports.told_of(port)
        assert not ports.is_free(port)
    assert ports.holder(port) is None
