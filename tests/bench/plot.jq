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

# peace.json: synguard's ratio to no program and to one that passes all, of the rate and of the CPU.
def peace($of): .rows[] | . as $row | ["none", "nothing"], ["pass", "XDP_PASS"] |
	.[0] as $to | $row["\($of)_to_\($to)"] as $ratio |
	bar("\($row.name | gsub("_"; " ")) IPv\($row.family), to \(.[1])"; $ratio;
		$row["\($of)_to_\($to)_q1"]; $row["\($of)_to_\($to)_q3"];
		if $of == "rate" and ("\($row.name) \($to)" | test("^connects none|^bulk_.* pass"))
		then 0.97 else 0 end; blue; $ratio | fixed(3); $row.auto_ns | fixed(0));

# The summary of flood.json: SYNs absorbed, as shares of what a bare XDP_TX absorbs.
def absorbed: .absorbed | (.[] | select(.contender == "bare XDP_TX").absorbed) as $floor | .[] |
	bar(.contender; .absorbed / $floor; .least / $floor; .most / $floor;
		if .contender == "synguard always" then 0.85 else 0 end;
		if .contender | test("bare") then grey else blue end;
		.absorbed / $floor | fixed(2); "\(.absorbed / 1000 | fixed(0))k");

# Rows of one series each, as a block.
def block(name; cells): "\"\(.[0] | name)\"", (.[] | [cells | number] | @tsv), "", "";

# flood.json: its contenders, ours first; their place is that of their colour in all figures.
def contenders: [.rows[].contender] | distinct | map(select(test("synguard"))) +
	map(select(test("synguard") | not));
# No flood is the same whatever its kind.
def flood_series($kind): contenders[] as $c | [.rows[] | select(.contender == $c)] |
	select(any(.flood == $kind)) | map(select(.flood == $kind or .rate_achieved == 0)) |
	sort_by(.rate_achieved);
def percent: if . == null then . else 100 * . end;
# Where most clients were not served, the times of those who were tell nothing: they were early.
def told(ms): if .success < 0.5 then null else ms end;
def flood_blocks($kind): flood_series($kind) | block(.contender; .rate_achieved, .connects_per_s,
	(.success | percent), told(.p50_ms), told(.p99_ms), .rr_per_s, (.cpu | percent),
	(.connects_flood_rate // .rate_achieved));
def flood_names($kind): [flood_series($kind)[0].contender];
def flood_styles($kind): contenders as $all |
	[flood_names($kind)[] as $c | $all | index($c) % 8 + 1] | join(" ");
def flood_zero: [.rows[].rate_achieved | select(. > 0)] | min / 3;

# scale.json: a figure for each axis and unit, but of those that scale_cpus and scale_connects show; and
# of those series that have two points.
def scale_figures: [.rows[] | select(.unit | IN("times_one", "per_s", "share", "cpu_share") | not) |
	"\(.axis) \(.unit)"] | unique[];
def scale_rows($axis; $unit): [.rows[] | select(.axis == $axis and .unit == $unit)] |
	. as $all | map(. as $row |
		select(any($all[]; .series == $row.series and .size != $row.size)));
def scale_names($axis; $unit): [scale_rows($axis; $unit)[].series] | distinct;
def scale_blocks($axis; $unit): scale_names($axis; $unit)[] as $s | scale_rows($axis; $unit) |
	map(select(.series == $s)) | sort_by(.size) | block(.series; .size, .value, (.q1 // .value),
	(.q3 // .value));
def scale_styles($axis; $unit): scale_names($axis; $unit) |
	[keys[] | [1, 3, 4, 5, 6, 7, 8][. % 7]] | join(" ");
def scale_zero($axis; $unit): scale_rows($axis; $unit) | map(.size) |
	if min > 0 then 0 else map(select(. > 0)) | min / 3 end;
# Does it take a logarithmic axis to see them all?
def scale_wide($axis; $unit): scale_rows($axis; $unit) | map(.value) |
	if min > 0 and max / min > 15 then 1 else 0 end;

# Those that have no line: two CPUs' packets against one's; new connections against the kernel
# alone, with so many closed ones in the table, of the rate and of the CPU's time for one.
def scale_value($series; $size; $unit): first(.rows[] |
	select(.series == $series and .size == $size and .unit == $unit).value) // "-";
def scale_cpus: . as $all | .rows[] | select(.unit == "times_one") | . as $row |
	bar(.series; .value; .q1; .q3; 0; blue; (.value | fixed(2)) + "x";
		$all | scale_value($row.series; 2; "packets_per_s") |
		if . == "-" then . else (tonumber / 1e6 | fixed(1)) + "M" end);
def scale_connects: . as $all | ("share", "cpu_share") as $unit | .rows[] |
	select(.unit == $unit) | . as $row |
	(.series | capture("^(?<family>IPv.), (?<one>.*) to (?<other>.*)$")) as $of |
	(if $unit == "share" then $of.one else $of.other end) as $who |
	bar("\(.axis) \($of.family), \(.size / 1000)k, \($who)\(if $unit == "share" then "" else ", CPU" end)";
		.value; .q1; .q3; 0; if $unit == "share" then blue else grey end; .value | fixed(3);
		first($all.rows[] | select(.axis == $row.axis and .size == $row.size and
			.unit == "per_s" and .series == "\($of.family), \($who)").value) // "-" |
		if . == "-" then . else fixed(0) end);

def longest: map(length) | max;
