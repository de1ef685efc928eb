"""Tests run the same on a train: nothing beyond loopback can be reached from one."""

import socket

import pytest
from pytest_socket import SocketConnectBlockedError


def test_no_test_leaves_the_machine() -> None:
    blocked = pytest.warns(UserWarning, match="192.0.2.1"), pytest.raises(SocketConnectBlockedError)
    with blocked[0], blocked[1]:
        socket.create_connection(("192.0.2.1", 80), timeout=0.1)


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=1).close()
