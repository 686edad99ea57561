# SPDX-License-Identifier: MIT
"""Exceptions of the package, and how failures that the engine reports become one of them."""

from __future__ import annotations


class DhtError(RuntimeError):
    """An operation failed. `code` is stable, such as ERR_DHT_BIND or ERR_DHT_NO_NODES."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class CryptoError(DhtError):
    """A key, certificate, signature or ciphertext is of no use; `code` begins with ERR_CRYPTO."""


class BridgeError(RuntimeError):
    """The Node.js process that runs the engine cannot be started, ended, or is not ours."""


class NodeNotFoundError(BridgeError):
    """There is no suitable Node.js on this computer."""


class OperationCancelled(Exception):
    """What an operation ends with after it was cancelled. Never leaves the package."""


def failure_to_exception(code: str, text: str) -> Exception:
    """The exception for a failure of the protocol (src/bridge/protocol.ts)."""
    if code == 'ERR_TYPE':
        return TypeError(text)
    if code == 'ERR_RANGE':
        return ValueError(text)
    if code == 'ERR_SYSTEM':
        return OSError(text)
    if code == 'ERR_ABORTED':
        return OperationCancelled(text)
    if code.startswith('ERR_CRYPTO_'):
        return CryptoError(code, text)
    return DhtError(code, text)
