"""What the tests of refunds share."""

import pytest

from tests.money.refunding import cancelled_studio


@pytest.fixture
def studio_and_bank(tmp_path):
    """A studio with two cancelled orders, and the bank that took their money."""
    studio, bank = cancelled_studio(tmp_path / "studio.db")
    yield studio, bank
    studio.close()
