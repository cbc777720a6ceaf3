"""What Reflex reads when it builds the page bundle and when it serves it."""

from pathlib import Path
from typing import Any

import reflex as rx

from app import bundle


class OwnOrigin(rx.plugins.Plugin):
    """Makes the bundle talk to the origin that it is loaded from, whatever its host and port."""

    def update_env_json(self) -> dict[str, Any]:
        """Called by Reflex before the build: what its scripts know of their surroundings."""
        return {"PATCHED_BY": bundle.patch_mark()}

    def post_build(self, **context: Any) -> None:
        """Called by Reflex between the build and the compression of what it made."""
        bundle.talk_to_own_origin(Path(context["static_dir"]))


config = rx.Config(
    app_name="app",
    app_module_import="app.app",
    api_url=f"http://{bundle.NO_HOST}",
    deploy_url=None,
    backend_host="127.0.0.1",
    cors_allowed_origins=[],  # nobody by CORS; the socket has a rule of its own in app/sockets.py
    state_manager_mode="memory",
    redis_token_expiration=540,  # seconds for which the state of a tab that left is kept, in memory too
    telemetry_enabled=False,
    show_built_with_reflex=False,
    plugins=[
        OwnOrigin(),
        rx.plugins.RadixThemesPlugin(
            theme=rx.theme(
                appearance="inherit", accent_color="indigo", gray_color="slate", radius="medium", panel_background="solid", scaling="100%"
            )
        ),
    ],
    disable_plugins=[rx.plugins.SitemapPlugin],
)
