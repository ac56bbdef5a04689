// Loaded by module_loader_test.cc.
extern "C" int bertqa_loader_test_answer() {
  return 42;
}
