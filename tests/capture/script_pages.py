"""Pages in five scripts, set in every way that moves a word away from where one would look for it."""

# ruff: noqa: E501 - pages, with long lines of text
from __future__ import annotations

ENGLISH = """The water of wards four, seven and eleven is safe to drink again since Tuesday evening, says the
council’s engineer; “boil it no longer” (see notice 47/2026), and jiggle the quaint fjord pump."""
FRENCH = """L’eau des quartiers quatre, sept et onze est de nouveau potable depuis mardi soir, déjà vérifiée ;
où çà ? À l’Hôtel-de-Ville, naïveté à part, garçon."""
ASSAMESE = """চাৰি, সাত আৰু এঘাৰ নম্বৰ ৱাৰ্ডৰ পানী মঙলবাৰে সন্ধিয়াৰ পৰা পুনৰ খোৱাৰ বাবে নিৰাপদ। ক্ষেত্ৰীয় স্বাস্থ্য কৰ্তৃপক্ষই
এই সিদ্ধান্ত গ্ৰহণ কৰিছে।"""
HINDI = """वार्ड चार, सात और ग्यारह का पानी मंगलवार शाम से फिर पीने के लिए सुरक्षित है। कृपया ध्यान दें: क्षेत्रीय
स्वास्थ्य अधिकारियों ने यह निर्णय लिया है।"""
URDU = """وارڈ چار، سات اور گیارہ کا پانی منگل کی شام سے دوبارہ پینے کے لیے محفوظ ہے۔ شہریوں سے گزارش ہے کہ پانی کی
پائپ لائن نمبر 47 (Pipe B) کی مرمت تک ٹینکر سے پانی لیں، شکریہ! مجھے بچے کی سکول پہنچنے کی فکر تھی۔"""
EMOJI = "Water 💧 is back 🚰, thanks 👩‍🚒👍🏽 to ❤️ the crew 🇮🇳🎉 and all!"

ALL = f"""<p lang="en">{ENGLISH}</p><p lang="fr">{FRENCH}</p><p lang="as">{ASSAMESE}</p><p lang="hi">{HINDI}</p>
<p lang="ur" dir="rtl">{URDU}</p><p>{EMOJI}</p>"""

_HEAD = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Words</title><style>
body { font: 18px/1.5 "Noto Sans", "Noto Sans Bengali", "Noto Sans Devanagari", sans-serif; margin: 24px; color: #223 }
:lang(ur) { font-family: "Noto Nastaliq Urdu"; line-height: 2.2 }
p { margin: 8px 0 }
"""

SET = f"""{_HEAD}
.columns {{ columns: 3; column-gap: 12px }} .justified {{ text-align: justify; width: 380px; hyphens: auto }}
.wide {{ letter-spacing: 3px; word-spacing: 9px }} .close {{ letter-spacing: -1.5px }} .low, .low :lang(ur) {{ line-height: 1 }}
.narrow {{ width: 130px; overflow-wrap: anywhere; font-size: 24px }} td, th {{ border: 1px solid #888; padding: 0 2px }}
.under {{ text-decoration: underline wavy red }} .slanted {{ font-style: italic }} .first::first-letter {{ font-size: 300%; float: left }}
.upper {{ text-transform: uppercase; font-variant: small-caps; font-weight: 700 }}
</style><div class="columns">{ALL}</div><div class="justified">{ALL}</div><div class="wide">{ALL}</div>
<div class="close">{ALL}</div><div class="low">{ALL}</div>
<p class="narrow">Unabhängigkeitsbestrebungen incomprehensibilities নিৰ্বাচনক্ষেত্ৰসমূহৰ अंतर्राष्ट्रीयकरण</p>
<table><tr><th>Ward</th><th>নম্বৰ</th><th lang="ur" dir="rtl">محلہ</th></tr><tr><td>{ENGLISH}</td><td>{ASSAMESE}</td>
<td lang="ur" dir="rtl">{URDU}</td></tr></table><ol><li>{FRENCH}</li><li>{HINDI}</li></ol><ul><li>{EMOJI}</li></ul>
<p class="under">{ENGLISH}</p><p class="slanted">{ENGLISH}</p><p class="first">{ENGLISH}</p><p class="upper">{FRENCH}</p></html>"""

LAID = f"""{_HEAD}
.sticky {{ position: sticky; top: 0; background: #ffd; padding: 4px }} .turned {{ transform: rotate(-4deg) scale(1.2);
transform-origin: 0 0; width: 700px; margin: 90px 0 130px }} .over {{ position: relative; height: 120px }}
.over span {{ position: absolute; font-size: 30px; white-space: nowrap }} .dark {{ color: #eef; padding: 8px;
background: linear-gradient(90deg, #123, #935) }} .shade b {{ text-shadow: 3px 4px 3px #c33; margin: 0 2px }}
.hollow {{ background: linear-gradient(90deg, #c00, #00c); -webkit-background-clip: text; color: transparent; font-size: 40px }}
.stroke {{ -webkit-text-stroke: 2px #808; font-size: 32px }} .note::before {{ content: "নোটিচ: "; color: #a00 }}
.note::after {{ content: " (edited)"; color: #777 }} .upright {{ writing-mode: vertical-rl; height: 220px }}
input, textarea, select, button {{ font: inherit; margin: 3px }} .clip {{ overflow: hidden; height: 40px; width: 300px }}
iframe {{ border: 1px solid #999 }}
</style><div class="sticky">Norhaven শিৱসাগৰ शहर <span lang="ur">شہر</span> 💧</div>{ALL}<div class="turned">{ALL}</div>
<div class="over"><span style="left:10px;top:8px">Overlapping</span><span style="left:30px;top:22px;color:#06c">underneath</span>
<span style="left:240px;top:5px">পানীৰটেংকী</span><span style="left:260px;top:26px;color:#080">सुरक्षित</span>
<span lang="ur" style="left:480px;top:-30px">محفوظ</span><span lang="ur" style="left:500px;top:0;color:#a0a">پانی</span></div>
<div class="dark">{ALL}</div><p class="shade"><b>Shaded</b> <b>পানী</b> <b>पानी</b> <b lang="ur">پانی</b> <b>again</b></p>
<p class="hollow">Hollow letters</p><p class="stroke">Stroked letters</p>
<p class="note">{ENGLISH}</p><p class="note">{HINDI}</p><div class="clip">{ALL}</div><div class="upright">{ENGLISH} {ASSAMESE}</div>
<p><input value="Typed"> <input placeholder="Placeholder"> <input placeholder="আপোনাৰ নাম" size="30"> <textarea>पानी नहीं</textarea>
<select><option>Ward seven</option></select> <input type="submit" value="Send"> <button>بھیجیں press</button></p>
<div id="open"></div><div id="closed"></div>
<iframe width="700" height="420" srcdoc='<!doctype html><style>body {{ font: 18px "Noto Sans", sans-serif }}
:lang(ur) {{ font-family: "Noto Nastaliq Urdu" }}</style>{ALL}'></iframe>
<svg width="300" height="40"><text x="5" y="28" font-size="24" fill="navy">Drawn পানী</text></svg>
<script>document.getElementById("open").attachShadow({{ mode: "open" }}).innerHTML = `{ALL}`;
document.getElementById("closed").attachShadow({{ mode: "closed" }}).innerHTML = `<b>Behind closed doors</b>`</script></html>"""

PAGES = {"/set": SET, "/laid": LAID}
