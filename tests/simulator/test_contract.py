"""The stand-in against the example answers of the provider's page."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.simulator.catalogue import CATALOGUE, Lively
from monitor.simulator.offer import Offer, row
from monitor.simulator.scenario import Scripted
from tests.simulator.client import KEY, LIST, Running, serve

DOCUMENTED: dict[str, Any] = json.loads((Path(__file__).parent / "documented.json").read_text("utf-8"))

TYPES: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "aidcId": (int,),
    "productCode": (str,),
    "cpuCores": (str,),
    "memoryGB": (str,),
    "gpuName": (str, type(None)),
    "gpuCount": (str,),
    "diskGB": (str,),
    "price": (str,),
    "priceUnit": (int,),
    "remainingCount": (int,),
    "ext": (dict,),
}


def documented_offers() -> tuple[Offer, ...]:
    by_code = {offer.product_code: offer for offer, _ in CATALOGUE if offer.aidc_id == 1}
    return (
        replace(by_code["PRD-CCI-1"], remaining=6),
        replace(by_code["PRD-TRAIN-1"], remaining=0, stock_error="库存不足"),
    )


def test_the_documented_products_are_served_as_documented() -> None:
    async def use(running: Running) -> None:
        got = await running.get()
        assert got.status == 200
        assert got.headers["content-type"] == "application/json"
        assert got.json == DOCUMENTED["200"]
        for served, example in zip(got.json["data"], DOCUMENTED["200"]["data"], strict=True):
            assert list(served) == list(example)
            assert {k: type(v) for k, v in served.items()} == {k: type(v) for k, v in example.items()}

    serve(use, Scripted(documented_offers()))


def test_every_row_of_the_default_catalogue_has_the_documented_types() -> None:
    for second in range(0, 7200, 60):
        for offer in Lively().offers_at(second):
            served = row(offer)
            assert served.keys() == TYPES.keys()
            assert all(type(value) in TYPES[name] for name, value in served.items())
            assert served["gpuName"] != ""
            assert all(type(v) is str for v in dict(served["ext"]).values())  # type: ignore[call-overload]


def test_the_default_catalogue_spans_the_gpus_and_data_centres() -> None:
    offers = [offer for offer, _ in CATALOGUE]
    assert {offer.aidc_id for offer in offers} == {1, 2, 3}
    for gpu in ("H800", "A100", "H20", "4090"):
        assert any(gpu in (offer.gpu_name or "") for offer in offers)
    assert {"-", None} <= {offer.gpu_name for offer in offers}
    assert len({offer.identity for offer in offers}) == len(offers)


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer "}, {"Authorization": "Bearer"}, {"Authorization": "Basic k"}],
)
def test_a_request_without_a_key_is_forbidden_as_documented(headers: dict[str, str]) -> None:
    async def use(running: Running) -> None:
        got = await running.get(headers=headers)
        assert (got.status, got.json) == (403, DOCUMENTED["403"])

    serve(use)


def test_a_configured_key_is_the_only_one_accepted() -> None:
    async def use(running: Running) -> None:
        assert (await running.get(headers={"authorization": "bearer right"})).status == 200
        assert (await running.get(headers={"Authorization": "Bearer wrong"})).json == DOCUMENTED["403"]

    serve(use, api_key="right")


def test_the_data_centre_filters_the_list() -> None:
    async def use(running: Running) -> None:
        for aidc_id in (1, 2):
            rows = (await running.get(f"{LIST}?aidcId={aidc_id}")).json["data"]
            assert rows
            assert {row["aidcId"] for row in rows} == {aidc_id}
        assert (await running.get(f"{LIST}?aidcId=99")).json == {"status": 200, "message": "OK", "data": []}

    serve(use)


@pytest.mark.parametrize("aidc_id", ["x", "", "1.0", "１", "9" * 5000])
def test_a_data_centre_that_is_no_integer_gets_the_documented_error(aidc_id: str) -> None:
    async def use(running: Running) -> None:
        got = await running.get(f"{LIST}?aidcId={_quoted(aidc_id)}")
        assert (got.status, got.json) == (500, DOCUMENTED["500"])

    serve(use)


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def test_other_paths_and_methods_are_refused() -> None:
    async def use(running: Running) -> None:
        assert (await running.get("/")).status == 404
        assert (await running.get("/v1/product")).status == 404
        got = await running.get(method="POST")
        assert (got.status, got.headers["allow"]) == (405, "GET")
        assert (await running.get("/notify/phone")).headers["allow"] == "POST"

    serve(use)


def test_served_rows_and_requests_are_on_record() -> None:
    async def use(running: Running) -> None:
        await running.get(headers={})
        running.clock.at_s += 2.5
        await running.get(headers=KEY)
        await running.get("/elsewhere")

    running = serve(use, Scripted(documented_offers()))
    assert running.simulator.request_count == 2
    assert list(running.simulator.served_log) == [(2.5, "PRD-CCI-1", 6), (2.5, "PRD-TRAIN-1", 0)]
