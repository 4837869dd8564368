"""A document with something of everything, as teams have them, and how a test sends and unpacks one."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from typing import Any

KEY = "x-aliyun-apigateway-"


def swagger(**paths: Any) -> dict[str, Any]:
    return {"swagger": "2.0", "info": {"title": "shop", "version": "1"}, "schemes": ["http"], "paths": paths}


def operation(**more: Any) -> dict[str, Any]:
    backend = {"type": "HTTP", "address": "http://10.0.0.1:8080", "path": "/b", "method": "get", "timeout": 3000}
    return {"responses": {"200": {"description": "ok"}}, KEY + "backend": backend, **more}


def pet_shop() -> dict[str, Any]:
    pet = {"$ref": "#/definitions/Pet"}
    document = swagger(
        **{
            "/pets/{id}": {
                "parameters": [{"name": "id", "in": "path", "required": True, "type": "integer", "format": "int64"}],
                "get": operation(
                    operationId="getPet",
                    description="One pet.",
                    schemes=["http", "https"],
                    parameters=[
                        {"name": "fields", "in": "query", "type": "string", "enum": ["all", "few"], "default": "few"},
                        {
                            "name": "X-Trace",
                            "in": "header",
                            "type": "string",
                            "pattern": "^[a-z]+$",
                            "maxLength": 20,
                            KEY + "backend-name": "trace",
                            KEY + "backend-location": "query",
                        },
                    ],
                    responses={"200": {"description": "ok", "schema": pet}, "404": {"description": "no such pet"}},
                    **{
                        KEY + "paramater-handling": "MAPPING",
                        KEY + "auth-type": "ANONYMOUS",
                        KEY + "api-force-nonce-check": True,
                        KEY + "api-market-enable": True,
                        KEY + "constant-parameters": [{"backendName": "v", "location": "header", "value": "1"}],
                        KEY + "system-parameters": [
                            {"systemName": "CaClientIp", "backendName": "ip", "location": "header"}
                        ],
                        KEY + "backend": {
                            "type": "HTTP-VPC",
                            "vpcAccessName": "shop",
                            "path": "/v2/pets/{id}",
                            "method": "get",
                            "timeout": "5000",
                        },
                    },
                ),
                "put": operation(
                    operationId="putPet",
                    parameters=[{"name": "body", "in": "body", "description": "it", "schema": pet}],
                ),
            },
            "/any/*": {KEY + "any-method": operation(**{KEY + "backend": {"type": "MOCK", "mockResult": "hi"}})},
        }
    )
    document["definitions"] = {"Pet": {"type": "object", "properties": {"id": {"type": "integer"}}}}
    return document


def unpacked(data: str) -> tuple[str, str]:
    """Name and text of the only file of an exported archive."""
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(data))) as archive:
        (name,) = archive.namelist()
        return name, archive.read(name).decode()


def text(document: Any) -> str:
    return json.dumps(document)
