// The status of a node as a page for people: docs/status.md. It shows the JSON
// of its location, which it requests each second. Its source is page/, and
// tools/embed-page makes one text of it.
#pragma once

namespace ngx_vrrp::status {

extern const char kPage[];

// The Content-Security-Policy: a browser runs its script and nothing else.
extern const char kPagePolicy[];

}  // namespace ngx_vrrp::status
