# SPDX-License-Identifier: GPL-2.0
# One horizontal bar a row, with its quartiles, its target, and its numbers in two columns beside
# it.  Data, separated by tabs, the row to be on top first: label, value, first and third quartile,
# target (0: none), colour, the two numbers as texts without blanks.
#
# Wants format, out, data, style, title, subtitle, xlabel; head_1 and head_2, of the columns;
# whisker, what the quartiles are called; dots: 1 if the values are ratios near 1, to be compared
# with each other rather than with zero; sense: 1 if more than the target is good, -1 if less is.

rows = int(system(sprintf("wc -l <'%s'", data)))
width = 1000
height = 166 + 23 * rows
load style

# The least and the greatest of all that is drawn.
ends = system(sprintf("awk -F '\t' 'BEGIN { a = b = 1 } { for (i = 2; i <= 5; i++) " . \
	"if ($i > 0) { a = $i < a ? $i : a; b = $i > b ? $i : b } } END { print a, b }' '%s'", data))
least = dots ? word(ends, 1) - 0.01 : 0
set xrange [least:dots ? word(ends, 2) + 0.01 : 1.04 * word(ends, 2)]
set yrange [rows - 0.4:-0.6]
set lmargin at screen 0.33
set rmargin at screen 0.82
set tmargin at screen 1 - 92.0 / height
set bmargin at screen 66.0 / height
unset grid
set grid xtics linecolor rgb "#d8d8d8" linewidth 1 linetype 1
set border 1
set ytics scale 0
set xlabel xlabel
set arrow 1 from 1, graph 0 to 1, graph 1 nohead linecolor rgb "#606060" linewidth 1.5 back
set key at screen 0.82, 1 - 78.0 / height center right horizontal maxrows 1 samplen 2 width 1.5
set label 1 head_1 at screen 0.895, 1 - 78.0 / height right textcolor rgb "#606060"
set label 2 head_2 at screen 0.985, 1 - 78.0 / height right textcolor rgb "#606060"

missed(v, t) = t > 0 && sense * (v - t) < 0
colour(c, v, t) = missed(v, t) ? 0xd55e00 : c
wanted(t) = t > 0 ? t : NaN
targets = system(sprintf("awk -F '\t' '$5 > 0' '%s' | wc -l", data)) + 0
named(word) = targets ? word : ""
texts = system(sprintf("cut -f 7,8 '%s'", data))
do for [i = 1:rows] {
	set label word(texts, 2 * i - 1) at screen 0.895, first i - 1 right
	set label word(texts, 2 * i) at screen 0.985, first i - 1 right
}

# $0 is the row's number.
if (dots) {
	plot data using 2:0:3:4:(colour($6, $2, $5)):ytic(1) with xerrorbars pointtype 7 \
			pointsize 1.3 linewidth 2 linecolor rgb variable notitle, \
		data using (wanted($5)):($0 - 0.42):(0.0):(0.84) with vectors nohead \
			linecolor rgb "black" linewidth 4 notitle, \
		NaN with lines linecolor rgb "#0072b2" linewidth 2 title whisker, \
		NaN with lines linecolor rgb "black" linewidth 4 title named("target"), \
		NaN with lines linecolor rgb "#d55e00" linewidth 8 title named("missed")
} else {
	plot data using (0.5 * ($2 + least)):0:(0.5 * ($2 - least)):(0.36):(colour($6, $2, $5)):ytic(1) \
			with boxxyerror linecolor rgb variable notitle, \
		data using 2:0:3:4 with xerrorbars pointtype 0 linewidth 1.5 \
			linecolor rgb "#303030" notitle, \
		data using (wanted($5)):($0 - 0.42):(0.0):(0.84) with vectors nohead \
			linecolor rgb "black" linewidth 4 notitle, \
		NaN with lines linecolor rgb "#303030" linewidth 1.5 title whisker, \
		NaN with lines linecolor rgb "black" linewidth 4 title named("target"), \
		NaN with lines linecolor rgb "#d55e00" linewidth 8 title named("missed")
}
