var __getOwnPropNames = Object.getOwnPropertyNames;
var __esm = (fn, res, err) => function __init() {
  if (err) throw err[0];
  try {
    return fn && (res = (0, fn[__getOwnPropNames(fn)[0]])(fn = 0)), res;
  } catch (e) {
    throw err = [e], e;
  }
};
var __commonJS = (cb, mod) => function __require() {
  try {
    return mod || (0, cb[__getOwnPropNames(cb)[0]])((mod = { exports: {} }).exports, mod), mod.exports;
  } catch (e) {
    throw mod = 0, e;
  }
};

// <define:WORD_LIST_NAMES>
var define_WORD_LIST_NAMES_default;
var init_define_WORD_LIST_NAMES = __esm({
  "<define:WORD_LIST_NAMES>"() {
    define_WORD_LIST_NAMES_default = ["wordlists-en-19215925.txt", "wordlists-nl-874FCDC7.txt"];
  }
});

export {
  __commonJS,
  init_define_WORD_LIST_NAMES,
  define_WORD_LIST_NAMES_default
};
