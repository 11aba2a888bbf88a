#[path = "../src/item.rs"]
mod item;

use item::Item;

#[test]
fn a_new_item_is_open() {
    let item = Item::new("  buy milk ");
    assert_eq!(item.text, "buy milk");
    assert!(!item.done);
}
