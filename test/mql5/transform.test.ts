// The transform refuses what the Expert Advisor's source may not use, lets through what it may, and leaves the rest to g++, which
// names the .mq5 line.

import { describe, expect, test } from "bun:test";
import { complaintsOf } from "./build.ts";
import { testExpert } from "./rig.ts";
import { transform } from "./transform.ts";

const none = (): undefined => undefined;

function refusals(text: string): string[] {
  return transform({ path: "a.mq5", text }, none).refusals.map(({ line, message }) => `${line} ${message}`);
}

/** Source that is refused, and a word of why. */
const REFUSED: readonly (readonly [string, string])[] = [
  ["Thing it=new Thing();", "heap"],
  ["delete it;", "heap"],
  ["interface A\n  {\n  };", "subset"],
  ["template<typename T> T f(T a) { return(a); }", "subset"],
  ["class A\n  {\n   int operator+(int b) { return(b); }\n  };", "subset"],
  ["union A\n  {\n   int b;\n  };", "subset"],
  ["class A\n  {\n   virtual void f(void) { }\n  };", "subset"],
  ["auto a=1;", "C++"],
  ["using namespace std;", "C++"],
  ["int a=static_cast<int>(b);", "C++"],
  ["std::string a;", "C++"],
  ["try { f(); } catch(int e) { }", "C++"],
  ["unsigned int a=1;", "type"],
  ["int64_t a=1;", "type"],
  ["if(a and b) f();", "sign"],
  ["a->f();", "pointers"],
  ["f(&a);", "addresses"],
  ["int *a=b;", "pointers"],
  ["struct A\n  {\n   int b;\n  };\nA *c;", "pointers"],
  ["int a[2][3];", "two dimensions"],
  ["int a[],b[];", "one array"],
  ["int b[];\nb.push(1);", "methods"],
  ["for(int a : b) f(a);", "range"],
  ["void f(void)\n  {\n   int &a=b;\n  }", "references"],
  ["int a{1};", "braces"],
  ['string a="b" "c";', "side by side"],
  ['string a=L"b";', "prefixes"],
  ["struct A\n  {\n   int b;\n  };\nvoid f(A c)\n  {\n  }", "by reference"],
  ["void f(const MqlTick tick) { }", "by reference"],
  ["class A\n  {\nprivate:\n   int m_b=1;\n  };", "constructor"],
  ['#import "user32.dll"', "imports"],
  ["#include <Nothing.mqh>", "no file"],
  ["int h=FileOpen(n,FILE_TXT);", "FILE_BIN"],
  ['if(name=="") f();', "StringLen"],
  [
    "struct A\n  {\n   int b;\n  };\nA Get(void)\n  {\n   A a;\n   return(a);\n  }\nvoid f(void) { g(it.Get()); }",
    "keep it in a variable",
  ],
  ["StringToCharArray(t,b,0,-1,CP_ACP);", "CP_UTF8"],
];

describe("refused before g++ sees it", () => {
  for (const [text, why] of REFUSED) {
    test(text.replaceAll(/\s+/g, " "), () => {
      const found = refusals(text);
      expect(found.length).toBeGreaterThan(0);
      expect(found.join("\n")).toContain(why);
    });
  }

  test("a refusal names the line", () => {
    expect(refusals('// new\nstring a="new";\n/* new\n*/\nint c=1;\nobject d=new object();')[0]).toStartWith(
      "6 ",
    );
  });
});

test("what MQL5 spells differently is rewritten, and nothing else", () => {
  const text = [
    '#property copyright "nobody"',
    'input group "A"',
    'input string InpName="a,b"; // words',
    "struct Pair\n  {\n   int a;\n   double b[3];\n  };",
    "void f(const uchar &data[],Pair &pairs[],string &text)",
    "  {",
    "   uchar copy[];",
    "   int n=pairs[0].a*data[1];",
    "   if(text==\"return x[1]\" && data[n]=='\\n') ArrayResize(copy,n);",
    "  }",
  ].join("\n");
  const { cpp, refusals: found } = transform({ path: "a.mq5", text }, none);
  expect(found).toEqual([]);
  for (const wanted of [
    'static string InpName=inputValue("InpName",string(String(u"a,b")));',
    "Fixed<double,3> b;",
    "void f(const Array<uchar> &data,Array<Pair> &pairs,string &text)",
    "Array<uchar> copy;",
    "int n=pairs[0].a*data[1];",
    `if(text==String(u"return x[1]") && data[n]==static_cast<ushort>(u'\\n')) ArrayResize(copy,n);`,
  ])
    expect(cpp).toContain(wanted);
  expect(cpp).not.toContain("copyright");
});

const HANDLERS = `
int OnInit(void) { return(0); }
void OnDeinit(const int reason) { }
void OnTick(void) { }
void OnTimer(void) { }
void OnTradeTransaction(const MqlTradeTransaction &t,const MqlTradeRequest &q,const MqlTradeResult &r) { }
void OnChartEvent(const int id,const long &l,const double &d,const string &s) { }
`;

/** Source that only a compiler can refuse; each begins a line of its own. */
const WRONG: readonly (readonly [string, string])[] = [
  ["int wide(const long a) { return(a); }", "conversion"],
  ["int lossy(const double a) { return(a); }", "conversion"],
  ["void unknown(void) { SendEverything(1); }", "SendEverything"],
  ['void undocumented(void) { FileOpen("a",FILE_BIN,0,0,0,0); }', "too many arguments"],
  ["string implied(const int a) { string b=a; return(b); }", "conversion from"],
  ['void text(void) { string a="b"; a+=1; }', "operator+="],
  ["int nothing(void) { }", "no return statement"],
  ["void unused(void) { int a=1; }", "unused variable"],
  ['void codepage(uchar &b[]) { StringToCharArray("a",b); }', "too few arguments"],
  ["void texts(MqlTradeRequest &a[]) { ArrayRemove(a,0,1); }", "required from here"],
  ["ENUM_ORDER_TYPE kind(const int a) { return(a); }", "invalid conversion"],
];

testExpert(
  "refused by g++, under the line of the .mq5 file",
  async () => {
    const text = `${WRONG.map(([line]) => line).join("\n")}\n${HANDLERS}`;
    const complaints = await complaintsOf(transform({ path: "wrong.mq5", text }, none));
    for (const [at, [, why]] of WRONG.entries()) {
      const lines = complaints.split("\n").filter((line) => line.includes(`wrong.mq5:${at + 1}:`));
      expect(lines.join("\n")).toContain(why);
    }
    expect(await complaintsOf(transform({ path: "right.mq5", text: HANDLERS }, none))).toBe("");
  },
  120_000,
);
