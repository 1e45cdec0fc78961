"""How values look and where they lead, in the places where the SDK takes a bare property instead of a typed one."""

from grafana.sdk import build, common, dashboard, layout

FLEET = "fieldline-fleet"
LIVE = "fieldline-live"
"""The uids of the dashboards: part of their addresses, so they stay."""

Property = dashboard.DynamicConfigValue


def color(name: str) -> Property:
    return Property("color", {"mode": "fixed", "fixedColor": name})


def unit(name: str) -> Property:
    return Property("unit", name)


def ago() -> list[Property]:
    """A moment as `3 minutes ago`."""
    return [unit("dateTimeFromNow")]


def presence() -> list[Property]:
    states = {"online": "green", "offline": "red", "unknown": "text"}
    options = {state: {"color": color, "index": index} for index, (state, color) in enumerate(states.items())}
    return [
        Property("mappings", [{"type": "value", "options": options}]),
        Property("custom.cellOptions", {"type": "color-text"}),
    ]


def links(targets: dict[str, str]) -> list[Property]:
    return [Property("links", [{"title": title, "url": url} for title, url in targets.items()])]


def link(title: str, url: str) -> build.DashboardLink:
    return build.DashboardLink(title).type(dashboard.DashboardLinkType.LINK).icon("dashboard").url(url)


def legend() -> layout.VizLegendOptions:
    """The SDK hides it unless told."""
    return layout.VizLegendOptions().show_legend(show_legend=True)


def every_line() -> layout.VizTooltipOptions:
    return layout.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI)
