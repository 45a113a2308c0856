"""Whole lives of requests through HTTP and the topics of departments. A failed comparison shows what it compared."""

import pytest

pytest.register_assert_rewrite("tests.integration.life.comparison", "tests.integration.life.life")
