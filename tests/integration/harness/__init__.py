# SPDX-License-Identifier: Apache-2.0
"""Runs the real daemon for a test and talks to it: its API, its CLI, and peers of its connections."""
