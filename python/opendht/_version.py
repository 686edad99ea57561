# SPDX-License-Identifier: MIT
"""The version of the package, the same as that of the JavaScript package."""

__version__ = '0.1.0'
