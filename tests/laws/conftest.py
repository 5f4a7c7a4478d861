import pytest

from laws.law import Laws, load_laws


@pytest.fixture(scope="session")
def laws() -> Laws:
    """The built-in laws, read once for the test run."""
    return load_laws()
