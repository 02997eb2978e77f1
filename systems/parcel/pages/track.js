// Where one parcel is, for whoever waits for it.
//
// The row is asked for once, then pushed whenever it has changed. What is shown is always one row of one position, with the
// time of the fact that it shows; nothing that is older than what is shown takes its place. Whoever cancels sees their
// own write at once: the token of its receipt demands it.

const VIEW = "/api/parcel/views/customer_tracking_view/";
const CANCEL = "/api/parcel/commands/CancelShipment";

/** How long to wait before a watch that the server has ended is begun again, in milliseconds. */
const AGAIN = 3_000;
/** How often the row is asked for although nothing was pushed: days pass, and connections die without a word. */
const NOW_AND_THEN = 60_000;

/** How far a parcel of each status has come. */
const STEPS = {
    booked: 1, picked_up: 2, in_transit: 3, arrived_at_hub: 3, exception: 3, out_for_delivery: 4, delivered: 5,
};
/** From which on the customer can still cancel. */
const CAN_CANCEL = ["booked", "picked_up", "in_transit", "arrived_at_hub", "exception"];

const $ = (id) => document.getElementById(id);
const id = shipment();
const row = VIEW + encodeURIComponent(id);

/** The position of what is shown; -1 before anything is. */
let position = -1;
/** When it was last known to be so. */
let asOf = new Date();
/** The server's time less ours, in milliseconds: what we send is told in its time. */
let skew = 0;
/** A cancellation that has no answer yet: it is sent again as it is, so that it takes effect once. */
let wish = null;
let source = null;

/** The last part of the address. */
function shipment() {
    const last = location.pathname.split("/").filter(Boolean).at(-1) ?? "";
    try {
        return decodeURIComponent(last);
    } catch {
        return last;
    }
}

/** Times are told in the page's language, in the time zone of whoever looks. */
const { lang } = document.documentElement;
const long = new Intl.DateTimeFormat(lang, {
    weekday: "short", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit",
    timeZoneName: "short",
});
const day = new Intl.DateTimeFormat(lang, { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
const clock = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** Words with their days as people write them. */
function spelt(words) {
    return words.replace(/\d{4}-\d{2}-\d{2}/g, (date) => day.format(new Date(date)));
}

/** A time, for people and for machines. */
function time(text) {
    const [element, instant] = [document.createElement("time"), new Date(text)];
    element.dateTime = instant.toISOString();
    element.textContent = long.format(instant);
    return element;
}

function state(name) {
    document.body.dataset.state = name;
    $("news").setAttribute("aria-busy", String(name === "loading"));
}

/** Sets the text where it is another one: what is said again would be read out again. */
function say(element, text) {
    if (element.textContent !== text) {
        element.textContent = text;
    }
}

/** Shows a row, or that there is none, as of that position. */
function show(shown, at) {
    asOf = new Date();
    if (at < position) {
        return;
    }
    position = at;
    say($("shipment"), id);
    if (shown === null) {
        missing();
    } else {
        found(shown);
    }
}

function missing() {
    state("missing");
    delete document.body.dataset.status;
    delete document.body.dataset.overdue;
    document.title = "Parcel not found";
    say($("headline"), "We do not know this parcel");
    say($("fact"), "Check the number. A parcel that has just been booked appears here by itself.");
}

function found(shown) {
    const { status } = shown;
    state("found");
    document.body.dataset.status = status;
    const headline = spelt(shown.friendly_status);
    document.title = `${headline} – parcel ${id}`;
    say($("headline"), headline);
    const where = shown.last_event_city ? ` in ${shown.last_event_city}` : "";
    $("fact").replaceChildren(`${WORDS[status] ?? "Last news"}: `, time(shown.last_event_at), where);
    for (const step of $("steps").children) {
        const number = Number(step.dataset.step);
        step.classList.toggle("done", number <= STEPS[status]);
        if (number === STEPS[status]) {
            step.setAttribute("aria-current", "step");
        } else {
            step.removeAttribute("aria-current");
        }
    }
    $("expected").hidden = !shown.eta || status === "delivered";
    const overdue = status in STEPS && status !== "delivered" && Date.parse(shown.eta) < Date.now() + skew;
    document.body.toggleAttribute("data-overdue", overdue);
    say($("when"), overdue ? "Was expected" : "Expected");
    $("eta").replaceChildren(shown.eta ? time(shown.eta) : "");
    say($("origin"), shown.origin_city);
    say($("destination"), shown.destination_city);
    say($("carrier"), shown.carrier_display);
    $("cancel").hidden = !CAN_CANCEL.includes(status);
}

/** What the time that is shown is the time of. */
const WORDS = {
    booked: "Booked", picked_up: "Picked up", in_transit: "Last seen", arrived_at_hub: "Last seen",
    out_for_delivery: "On the van since", exception: "Held up since", cancelled: "Cancelled",
    returned: "Returned", delivered: "Delivered",
};

/** Says whether what is shown is kept up to date; `why` says what keeps it from being so. */
function connection(why) {
    const since = clock.format(asOf);
    say($("connection"), why === null ? "" : `${why} This is how it stood at ${since}.`);
    say($("live"), why === null ? "This page updates by itself." : "");
    $("live").classList.toggle("on", why === null);
}

const LOST = "No connection; trying again.";
const LATE = "News may be late at the moment.";

/** Asks for the row; with a token, for one that shows at least what the token stands for. */
async function look(token) {
    const headers = token ? { "Watershed-Token": token } : {};
    const answer = await fetch(row, { headers, cache: "no-store" });
    const date = Date.parse(answer.headers.get("Date") ?? "");
    if (!Number.isNaN(date)) {
        skew = date - Date.now();
    }
    const at = Number(answer.headers.get("Watershed-Position") ?? 0);
    if (answer.status !== 404 && !answer.ok) {
        throw new Error(`status ${answer.status}`);
    }
    show(answer.status === 404 ? null : await answer.json(), at);
    return answer.headers.get("Watershed-Stale") === "true";
}

/** Asks for the row, and says how that went. */
async function refresh() {
    try {
        const late = await look();
        if (late || source?.readyState === EventSource.OPEN) {
            connection(late ? LATE : null);
        }
    } catch {
        if (position < 0) {
            state("failed");
            say($("shipment"), id);
            say($("headline"), "We cannot look just now");
            say($("fact"), "We try again by ourselves.");
        } else {
            connection(LOST);
        }
    }
}

/** Has the row pushed whenever it has changed. */
function watch() {
    source?.close();
    source = new EventSource(`${row}/watch`);
    const pushed = (late) => (event) => {
        show(JSON.parse(event.data), Number(event.lastEventId));
        connection(late ? LATE : null);
    };
    source.addEventListener("row", pushed(false));
    source.addEventListener("gone", pushed(false));
    source.addEventListener("stale", pushed(true));
    // The server cannot go on with this watch.
    source.addEventListener("problem", () => source.close());
    source.onopen = () => connection(null);
    source.onerror = () => {
        if (position >= 0) {
            connection(LOST);
        }
        // Where the connection broke, the browser connects again. Where the server said no, it does not.
        if (source.readyState === EventSource.CLOSED) {
            setTimeout(() => {
                refresh();
                watch();
            }, AGAIN);
        }
    };
}

/** Something that nobody else has. */
function unique() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Cancels the parcel, and shows what came of it. */
async function cancel() {
    wish ??= {
        key: `track-${unique()}`,
        body: JSON.stringify({
            shipment_id: id,
            cancelled_at: new Date(Date.now() + skew).toISOString(),
        }),
    };
    const button = $("cancel");
    button.disabled = true;
    say(button, "Cancelling…");
    say($("trouble"), "");
    try {
        const headers = { "Content-Type": "application/json", "Idempotency-Key": wish.key };
        const answer = await fetch(CANCEL, { method: "POST", headers, body: wish.body });
        const said = await answer.json();
        if (answer.ok) {
            wish = null;
            await look(said.token);
            $("headline").focus();
        } else if (said.retryable) {
            say($("trouble"), "We could not take that just now. Please try again.");
        } else {
            // Another try is another wish.
            wish = null;
            say($("trouble"), `${said.detail.charAt(0).toUpperCase()}${said.detail.slice(1)}.`);
            await refresh();
        }
    } catch {
        say($("trouble"), "We do not know whether that has reached us. Please try again: it counts once.");
    } finally {
        button.disabled = false;
        say(button, "Cancel this parcel");
    }
}

$("cancel").addEventListener("click", () => $("sure").showModal());
$("keep").addEventListener("click", () => $("sure").close());
$("really").addEventListener("click", () => {
    $("sure").close();
    cancel();
});
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && refresh());
addEventListener("online", refresh);
addEventListener("offline", () => position >= 0 && connection(LOST));
setInterval(refresh, NOW_AND_THEN);

say($("shipment"), id);
refresh();
watch();
