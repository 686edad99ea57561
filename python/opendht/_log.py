# SPDX-License-Identifier: MIT
"""The logger `opendht`. Loading `logging` takes as long as half of this package, so that is left to
programs that want to hear something, and to the first warning.
"""

from __future__ import annotations

import sys
from typing import Any


def debug(text: str, *args: Any) -> None:
    if 'logging' in sys.modules:
        _logger().debug(text, *args)


def warning(text: str, *args: Any) -> None:
    _logger().warning(text, *args)


def _logger() -> Any:
    import logging

    return logging.getLogger('opendht')
