// The style sheet and the script of the page, and the policy by which browsers
// run these two and nothing else. Its hashes are those of the two texts:
// t/vrrp_status_page.t compares them and names the right ones.
#pragma once

namespace ngx_vrrp::status {

inline constexpr const char *kPagePolicy =
    "default-src 'none'; script-src "
    "'sha256-fPzbvqU3K/vK6NjX9nCqSuUaxESmVji7ZdlrHjXiRhU='; style-src "
    "'sha256-auiBuA/LGc1Mqd0DEbpg6M3FY5X9Oc1aL2DU25PWYEM='; img-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'";

inline constexpr const char *kPageStyle = R"css(
:root {
    color-scheme: light dark;
    --paper: #fff; --ink: #1c2024; --dim: #5c6670; --line: #d5dae0;
    --card: #f5f7f9; --link: #0b57c0;
    --good: #176e31; --bad: #b3202a; --calm: #0b57a8; --none: #5c6670;
}
@media (prefers-color-scheme: dark) {
    :root {
        --paper: #14171a; --ink: #e6e9ec; --dim: #9aa5b0; --line: #343b42;
        --card: #1d2226; --link: #7db4ff;
        --good: #5fcb7c; --bad: #ff8080; --calm: #7db4ff; --none: #9aa5b0;
    }
}
* { box-sizing: border-box; }
[hidden] { display: none; }
body {
    margin: 0 auto; padding: 1rem; max-width: 75rem;
    font: 1rem/1.5 system-ui, sans-serif;
    background: var(--paper); color: var(--ink);
    font-variant-numeric: tabular-nums;
}
.banner {
    padding: .75rem 1rem; border-radius: .5rem;
    color: #fff; background: #a61b25;
}
.banner.MASTER { background: #176e31; }
.banner.BACKUP { background: #0b57a8; }
.banner.stale { background: #5c6670; }
h1 { margin: 0; font-size: 1.25rem; font-weight: 400; }
h1 bdi { display: block; }
h1 strong { font-size: clamp(2.5rem, 12vw, 5rem); line-height: 1.1; }
h1 span { font-size: .7em; }
.states {
    margin: .25rem 0 0; padding: 0; list-style: none;
    display: flex; flex-wrap: wrap; gap: .25rem 1.5rem;
}
h2 { margin: 1.5rem 0 .5rem; font-size: 1.25rem; }
h3 { margin: 0 0 .5rem; font-size: 1.1rem; }
strong.MASTER { color: var(--good); }
strong.BACKUP { color: var(--calm); }
strong.FAULT, strong.INIT { color: var(--bad); }
article {
    margin: 0 0 1rem; padding: 1rem; border-radius: .5rem;
    background: var(--card); border: 1px solid var(--line);
}
dl {
    margin: 0; display: grid; gap: .25rem 1.5rem;
    grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 1fr));
}
dt { color: var(--dim); font-size: .85rem; }
dd { margin: 0; overflow-wrap: anywhere; }
dd, td, th { unicode-bidi: isolate; }
.wide { margin: 1rem 0; overflow-x: auto; }
table { width: 100%; min-width: 34rem; border-collapse: collapse; }
caption { padding: .25rem 0; text-align: left; font-weight: 600; }
th, td {
    padding: .25rem .75rem .25rem 0; text-align: left; vertical-align: top;
    border-bottom: 1px solid var(--line);
}
thead th { color: var(--dim); font-size: .85rem; font-weight: 400; }
tbody th { font-weight: 400; }
.number { text-align: right; white-space: nowrap; }
.long { min-width: 9rem; }
.good { color: var(--good); }
.bad { color: var(--bad); font-weight: 600; }
.idle { color: var(--none); }
.good, .bad, .idle { white-space: nowrap; }
.history {
    display: inline-block; width: 10.5rem; color: var(--good);
    font: .7rem/1.2 monospace; word-break: break-all;
}
.history b { color: var(--bad); }
.timeline { margin: 0; padding: 0; list-style: none; }
.timeline li {
    padding: .25rem 0 .5rem .75rem; border-left: .25rem solid var(--bad);
}
.timeline .MASTER { border-color: var(--good); }
.timeline .BACKUP { border-color: var(--calm); }
.timeline p { margin: 0; overflow-wrap: anywhere; }
details .timeline { margin-top: .5rem; }
.alarm {
    margin: 0 0 1rem; padding: .75rem 1rem; border-radius: .5rem;
    border: 2px solid var(--bad); background: var(--card);
}
#lost { position: sticky; top: .5rem; z-index: 1; }
#news {
    position: absolute; width: 1px; height: 1px; margin: 0;
    overflow: hidden; clip-path: inset(50%);
}
.lost main { opacity: .5; }
small { color: var(--dim); }
a { color: var(--link); }
summary { margin-top: .5rem; cursor: pointer; }
footer { margin-top: 2rem; color: var(--dim); font-size: .9rem; }
footer p { margin: 0; }
)css";

// The page asks for itself each second and takes over what is different,
// node by node: focus, selection and what was scrolled or opened stay.
inline constexpr const char *kPageScript = R"js(
'use strict';
(() => {
    const address = new URL(location.href);
    const lost = document.getElementById('lost');
    const news = document.getElementById('news');
    let answered = new Date();

    address.searchParams.set('format', 'html');
    address.hash = '';

    function takeAttributes(to, from) {
        for (const { name } of [...to.attributes]) {
            if (!from.hasAttribute(name) && name !== 'open') {
                to.removeAttribute(name);
            }
        }
        for (const { name, value } of from.attributes) {
            if (to.getAttribute(name) !== value) {
                to.setAttribute(name, value);
            }
        }
    }

    function takeChildren(to, from) {
        const old = [...to.childNodes];
        const now = [...from.childNodes];

        now.forEach((node, i) => {
            if (i < old.length) {
                take(old[i], node);
            } else {
                to.append(node);
            }
        });
        old.slice(now.length).forEach((node) => node.remove());
    }

    function take(to, from) {
        if (to.isEqualNode(from)) {
            return;
        }
        if (to.nodeName !== from.nodeName) {
            to.replaceWith(from);
        } else if (to.nodeType === Node.ELEMENT_NODE) {
            takeAttributes(to, from);
            takeChildren(to, from);
        } else {
            to.nodeValue = from.nodeValue;
        }
    }

    function show(page) {
        const heading = page.querySelector('h1').textContent;

        if (heading !== document.querySelector('h1').textContent) {
            news.textContent = heading;
            document.title = page.title;
            take(document.getElementById('icon'),
                 page.getElementById('icon'));
        }
        take(document.querySelector('main'), page.querySelector('main'));
    }

    function showLost() {
        const time = answered.toTimeString().slice(0, 8);
        const text = `No answer since ${time}: this page is out of date.`;

        if (lost.hidden || lost.textContent !== text) {
            lost.textContent = text;
        }
        lost.hidden = false;
        document.body.classList.add('lost');
    }

    async function refresh() {
        const patience = new AbortController();
        const timer = setTimeout(() => patience.abort(), 5000);

        try {
            const answer = await fetch(address, {
                cache: 'no-store',
                credentials: 'same-origin',
                signal: patience.signal
            });
            const text = await answer.text();

            if (!answer.ok) {
                throw new Error(`status ${answer.status}`);
            }
            show(new DOMParser().parseFromString(text, 'text/html'));
            answered = new Date();
            lost.hidden = true;
            document.body.classList.remove('lost');
        } catch {
            showLost();
        } finally {
            clearTimeout(timer);
            setTimeout(refresh, 1000);
        }
    }

    setTimeout(refresh, 1000);
})();
)js";

}  // namespace ngx_vrrp::status
