import pytest


@pytest.fixture
def ask(http, sign, lift):
    def do(method: str, path: str, body=None, *, community="", roles=("guard",), **headers):
        token = sign(community or lift.community, "grd_1", audience="property", roles=list(roles))
        return http(method, path, body, token=token, **headers)

    return do


def verdict(lift, ask, body, key="key-00000001", **options):
    (alert,) = lift.alerts
    path = f"/property/alerts/{alert.alert_id}/verdict"
    return ask("POST", path, body, idempotency_key=key, **options)


def test_staff_see_alerts_and_what_they_were_told(lift, ask):
    lift.show("hh..")
    page = ask("GET", "/property/alerts").body
    ((alert), rest) = page["items"][0], page["items"][1:]
    assert (rest, page["next"]) == ([], None)
    assert (alert["state"], alert["outcome"]) == ("CLEARED", "cleared")
    assert ask("GET", f"/property/alerts/{alert['alert_id']}").body == alert
    (note,) = ask("GET", "/property/notifications").body["items"]
    assert (note["topic"], note["alert_id"]) == ("alert_opened", alert["alert_id"])


def test_a_verdict_is_given_once_per_key(lift, ask):
    lift.show("hh")
    said = {"verdict": "false_positive", "note": "婴儿车"}
    first, second = (verdict(lift, ask, said) for _ in range(2))
    assert (first.status, first.body["state"]) == (200, "FALSE_POSITIVE")
    assert second.body == first.body
    assert lift.ops == ["lift.hold", "lift.release"]
    other = verdict(lift, ask, {"verdict": "true_positive"})
    assert (other.status, other.code) == (409, "idempotency_key_reused")
    later = verdict(lift, ask, {"verdict": "true_positive"}, key="key-00000002")
    assert (later.status, later.code) == (409, "already_judged")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"verdict": "maybe"},
        {"verdict": "false_positive", "state": "CLOSED"},
        {"verdict": "false_positive", "note": "x" * 501},
        {"verdict": "false_positive", "note": "a\u202eb"},
    ],
)
def test_a_malformed_verdict_changes_nothing(lift, ask, body):
    lift.show("hh")
    reply = verdict(lift, ask, body)
    assert (reply.status, reply.code) == (400, "invalid_request")
    assert [alert.state for alert in lift.alerts] == ["HOLDING"]


def test_a_verdict_wants_a_key(lift, ask):
    lift.show("hh")
    reply = verdict(lift, ask, {"verdict": "false_positive"}, key="")
    assert (reply.status, reply.code) == (400, "idempotency_key_required")


def test_another_communitys_alert_is_404(lift, ask):
    lift.show("hh")
    (alert,) = lift.alerts
    assert ask("GET", f"/property/alerts/{alert.alert_id}", community="com_else").status == 404
    reply = verdict(lift, ask, {"verdict": "false_positive"}, community="com_else")
    assert (reply.status, reply.code) == (404, "no_such_alert")
    assert ask("GET", "/property/alerts", community="com_else").body["items"] == []
    assert ask("GET", "/property/notifications", community="com_else").body["items"] == []


def test_residents_judge_nothing(lift, ask):
    lift.show("hh")
    assert ask("GET", "/property/alerts", roles=["resident"]).status == 403
    assert verdict(lift, ask, {"verdict": "false_positive"}, roles=["resident"]).status == 403


def test_a_cursor_of_another_list_is_refused(lift, ask):
    lift.show("hh..hh..")
    cursor = ask("GET", "/property/alerts?limit=1").body["next"]
    assert len(ask("GET", f"/property/alerts?limit=1&cursor={cursor}").body["items"]) == 1
    reply = ask("GET", f"/property/notifications?cursor={cursor}")
    assert (reply.status, reply.code) == (400, "bad_cursor")
