"""A secret in monitor.toml: `{ env = … }`, `{ file = … }`, `{ credential = … }` or the text itself."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from monitor.config import values
from monitor.config.fields import Table
from monitor.config.secret import usable_secret


class SecretTable(Table):
    """Where a secret is kept: exactly one of the three keys."""

    env: Annotated[str, AfterValidator(values.variable_name)] | None = Field(
        default=None, description="The environment variable that holds it."
    )
    file: Annotated[str, AfterValidator(values.one_line(1000))] | None = Field(
        default=None, description="The file that holds it and nothing else; relative to monitor.toml."
    )
    credential: Annotated[str, AfterValidator(values.credential_name)] | None = Field(
        default=None, description="The systemd credential that holds it (LoadCredential= in the unit)."
    )

    @model_validator(mode="after")
    def _is_exactly_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError('must hold exactly one of env, file and credential, as in { env = "NAME" }')
        return self


class LiteralSecret(SecretTable):
    """The secret itself, made from text only: no table of the file can spell it."""

    text: str = Field(repr=False)


def _text_as_table(value: object) -> object:
    if isinstance(value, str):
        return LiteralSecret.model_construct(text=usable_secret(value))
    if not isinstance(value, dict):
        raise ValueError('must be text in quotes, or where to find it: { env = "NAME" }')  # noqa: TRY004
    return value


class _OrText:
    """Says in the schema that the text itself may stand there."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [handler(core), {"type": "string", "minLength": 1}]}


SecretKey = Annotated[SecretTable, BeforeValidator(_text_as_table), _OrText()]
