#[path = "../src/item.rs"]
mod item;

use item::Item;

#[test]
fn a_new_item_is_open() {
    let item = Item::new("  buy milk ");
    assert_eq!(item.text, "buy milk");
    assert!(!item.done);
}

#[test]
fn a_finished_item_is_done() {
    let mut item = Item::new("buy milk");
    item.finish();
    assert!(item.done);
}
