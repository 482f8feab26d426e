# SPDX-License-Identifier: GPL-2.0
# From what the benchmarks write to what plot_bars.gp and plot_lines.gp read; see there.

def fixed(places): pow(10; places) as $p | (. * $p | round) as $r |
	($r / $p | floor | tostring) +
	if places > 0 then "." + ("000\($r % $p)"[-places:]) else "" end;
def distinct: reduce .[] as $x ([]; if index($x) != null then . else . + [$x] end);
def number: . // "NaN";

def blue: 29362; # 0x0072b2
def grey: 8421504;
def bar(name; value; q1; q3; target; colour; text_1; text_2):
	[name, value, (q1 // value), (q3 // value), (target // 0), colour, text_1, text_2] | @tsv;

# Of a row of packet.json.
def cost: bar(.case; .ratio; .ratio_q1; .ratio_q3; .target;
	if .case | test("floor|memory|_ok$") then grey else blue end;
	(.ratio | fixed(2)) + "x"; .ns | fixed(1));

# Of a row of peace.json.
def peace: bar("\(.what), \(.contender)"; .ratio; .q1; .q3; .target; blue;
	.ratio | fixed(3);
	if .unit == "bit/s" then "\(.value / 1e6 | fixed(0))M" else .value | fixed(0) end);

# Rows of one series each, as a block.
def block(name; cells): "\"\(.[0] | name)\"", (.[] | [cells | number] | @tsv), "", "";

# flood.json: its contenders, ours first; their place is that of their colour in every figure.
def contenders: [.rows[].contender] | distinct | map(select(test("synguard"))) +
	map(select(test("synguard") | not));
def flood_series($kind): contenders[] as $c |
	[.rows[] | select(.flood == $kind and .contender == $c)] |
	select(length > 0) | sort_by(.rate_achieved);
def percent: if . == null then . else 100 * . end;
def flood_blocks($kind): flood_series($kind) | block(.contender; .rate_achieved, .connects_per_s,
	(.success | percent), .p50_ms, .p99_ms, .rr_per_s, (.cpu | percent));
def flood_names($kind): [flood_series($kind)[0].contender];
def flood_styles($kind): contenders as $all |
	[flood_names($kind)[] as $c | $all | index($c) % 8 + 1] | join(" ");
def flood_zero: [.rows[].rate_achieved | select(. > 0)] | min / 3;

# scale.json: a figure for each axis and unit.
def scale_rows($axis; $unit): [.rows[] | select(.axis == $axis and .unit == $unit)];
def scale_names($axis; $unit): [scale_rows($axis; $unit)[].series] | distinct;
def scale_blocks($axis; $unit): scale_names($axis; $unit)[] as $s | scale_rows($axis; $unit) |
	map(select(.series == $s)) | sort_by(.size) | block(.series; .size, .value, (.q1 // .value),
	(.q3 // .value));
def scale_styles($axis; $unit): [1, 3, 4, 5, 6, 7, 8][:scale_names($axis; $unit) | length] |
	map(tostring) | join(" ");
def scale_zero($axis; $unit): scale_rows($axis; $unit) | map(.size) |
	if min > 0 then 0 else map(select(. > 0)) | min / 3 end;

def longest: map(length) | max;
