# SPDX-License-Identifier: MIT
"""Checks of arguments, with the exceptions that the C++ binding raises."""

from __future__ import annotations

from typing import Any, Tuple, Type, Union


def expect(name: str, value: Any, kinds: Union[Type[Any], Tuple[Type[Any], ...]]) -> None:
    """Raises TypeError unless `value` is one of `kinds`."""
    if isinstance(value, kinds):
        return
    wanted = kinds if isinstance(kinds, tuple) else (kinds,)
    names = ' or '.join(kind.__name__ for kind in wanted)
    got = type(value).__name__
    raise TypeError(f"Argument '{name}' has incorrect type (expected {names}, got {got})")


def expect_bytes(name: str, value: Any) -> bytes:
    """A copy of bytes or of something like them."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    got = type(value).__name__
    raise TypeError(f"Argument '{name}' has incorrect type (expected bytes, got {got})")


def expect_uint(name: str, value: Any, bits: int) -> int:
    """An integer that fits into so many bits; OverflowError when it does not."""
    try:
        number = value.__index__()
    except AttributeError:
        got = type(value).__name__
        raise TypeError(f"Argument '{name}' must be an integer: got {got}") from None
    if 0 <= number < 1 << bits:
        return int(number)
    raise OverflowError(f"Argument '{name}' must be 0 to 2^{bits}-1: got {number}")


def expect_callable(name: str, value: Any) -> None:
    """None is a callable that was left out."""
    if value is None or callable(value):
        return
    got = type(value).__name__
    raise TypeError(f"Argument '{name}' must be callable: got {got}")
