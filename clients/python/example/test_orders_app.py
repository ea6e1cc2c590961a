import pytest
from orders_app import SignInRequired


def sign_in(app, tenant):
    answer = tenant.sign_in("owner", authorize_url=app.start_sign_in())
    app.finish_sign_in(answer.parameters)


def test_orders_are_listed(app, tenant):
    sign_in(app, tenant)
    assert app.orders()


def test_an_expired_token_is_replaced(app, tenant):
    sign_in(app, tenant)
    tenant.advance("PT2H")
    assert app.orders()


def test_after_a_password_change_the_user_signs_in_again(app, tenant):
    sign_in(app, tenant)
    tenant.change_password("owner")
    tenant.advance("PT2H")
    with pytest.raises(SignInRequired, match="AADSTS50173"):
        app.orders()
    sign_in(app, tenant)
    assert app.orders()
