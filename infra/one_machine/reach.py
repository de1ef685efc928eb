"""Small questions over loopback: is it up, does it answer."""

import http.client
import socket


def answers(port: int, path: str = "/") -> bool:
    """Return whether an HTTP server on this port answers at all."""
    return status(port, path) is not None


def status(port: int, path: str) -> int | None:
    """Return the status of a GET, or None if nobody answers within a second."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def listens(port: int) -> bool:
    """Return whether a TCP server accepts on this port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
