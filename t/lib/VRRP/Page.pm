package VRRP::Page;

# The status page of a node as a reader sees it, without a browser: its own
# script makes it from the JSON of the same location, in njs.
#
#     like(VRRP::Page->text($node, 'http://127.0.0.1:8080/vrrp'), qr/MASTER/);

use v5.36;

use Encode qw(decode);

# "render" has no document and no window, only this.
my $DRIVER = <<'END';
import fs from 'fs';
%s
fs.writeFileSync('/dev/stdout', render(%s));
END


# Without tags, and with single spaces.
sub text ($class, $node, $url) {
    my ($script) = _get($node, "$url?format=html") =~ m{<script>(.*?)</script>}s;
    my $file = $node->dir . '/page.js';

    open my $out, '>', $file or die "open $file: $!\n";
    printf {$out} $DRIVER, $script, _get($node, "$url?format=json");
    close $out or die "close $file: $!\n";

    my $text = decode('UTF-8', $node->run('njs', $file));

    $text =~ s/<[^>]*>/ /g;
    $text =~ s/\s+/ /g;

    return $text;
}


sub _get ($node, $url) {
    return $node->run(qw(curl -s -m 5), $url);
}


1;
