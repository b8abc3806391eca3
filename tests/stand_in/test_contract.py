"""The contract with Stripe's OpenAPI document sees what is wrong, so that its silence means something."""

import pytest

from prepaykit.adapters.stripe.client import open_client
from tests.stand_in.contract import answer_faults, request_faults
from tests.stand_in.process import KEY, stand_in


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"charge": "ch_1", "ammount": "500"}, "ammount"),
        ({"charge": "ch_1", "amount": "abc"}, "amount"),
        ({"charge": "ch_1", "reason": "left the school"}, "reason"),
        ({"charge": "ch_1", "metadata": {"a": {"b": "c"}}}, "metadata"),
    ],
)
def test_a_wrong_request_is_seen(fields, told):
    faults = request_faults("post", "/v1/refunds", fields)
    assert faults
    assert told in faults[0]


def test_an_unknown_parameter_of_a_list_is_seen():
    assert request_faults("get", "/v1/refunds", {"charge": "ch_1", "limt": "10"})
    assert not request_faults("get", "/v1/refunds", {"charge": "ch_1", "limit": "10"})


def test_a_call_that_stripe_does_not_have_is_seen():
    assert request_faults("get", "/v1/refund", {}) == ["get /v1/refund: Stripe has no such call"]


def test_a_wrong_answer_is_seen():
    whole = {"id": "re_1", "object": "refund", "amount": 500, "created": 1, "currency": "usd"}
    assert not answer_faults("get", "/v1/refunds/re_1", 200, whole)
    assert answer_faults("get", "/v1/refunds/re_1", 200, whole | {"amount": "500"})
    assert answer_faults("get", "/v1/refunds/re_1", 200, {"id": "re_1"})


def test_the_stand_in_ends_with_an_error_if_the_contract_was_broken():
    def broken():
        with stand_in() as running:
            client = open_client(KEY, base=running.base)
            client.v1.refunds.list({"limt": 3})

    with pytest.raises(AssertionError, match="limt"):
        broken()
