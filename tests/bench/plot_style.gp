# SPDX-License-Identifier: GPL-2.0
# How every figure looks: the terminal, and eight colours that the colour-blind can tell apart
# (Okabe and Ito's), each with a point of its own.  Wants format ("svg" or "png"), out, width and
# height in pixels, title, subtitle.

if (format eq "svg") {
	title_font = ",20"
	set terminal svg size width, height noenhanced font "sans-serif,14" background rgb "white"
} else {
	title_font = ",16"
	set terminal pngcairo size width, height noenhanced font "sans-serif,11"
}
set output out
set encoding utf8
set datafile separator "\t"
set border 3 linecolor rgb "#606060"
set tics nomirror out scale 0.6 textcolor rgb "black"
set grid xtics ytics linetype 1 linecolor rgb "#d8d8d8" linewidth 1
set style fill solid 1.0 noborder

set linetype 1 linecolor rgb "#0072b2" linewidth 2.2 pointtype 7 pointsize 0.9
set linetype 2 linecolor rgb "#56b4e9" linewidth 4.5 pointtype 5 pointsize 1.2
set linetype 3 linecolor rgb "#d55e00" linewidth 1.7 pointtype 9 pointsize 0.9
set linetype 4 linecolor rgb "#e69f00" linewidth 1.7 pointtype 11 pointsize 0.9
set linetype 5 linecolor rgb "#009e73" linewidth 1.7 pointtype 13 pointsize 0.9
set linetype 6 linecolor rgb "#cc79a7" linewidth 1.7 pointtype 15 pointsize 0.9
set linetype 7 linecolor rgb "#000000" linewidth 1.7 pointtype 4 pointsize 0.9
set linetype 8 linecolor rgb "#808080" linewidth 1.7 pointtype 6 pointsize 0.9

set label 1001 title at screen 0.012, screen 1 offset 0, character -1.2 left font title_font
set label 1002 subtitle at screen 0.012, screen 1 offset 0, character -2.9 left \
	textcolor rgb "#606060"
