# SPDX-License-Identifier: MIT
"""Programs over the package: each is a module with a `main`."""
